"""Routes that do all their work in one thread.

FastAPI sends every plain function to a thread of its own choosing: the session's beginning, who asks, the endpoint, the
session's end, each a hop. A request that held a connection between two hops then waited for a thread, while threads
waited for connections. Here dependencies only *say* what is to be done, in the event loop; one worker thread then does
it, in order: dependencies, endpoint, end of the transaction. The promise of ``SessionDep`` stands: committed before the
answer is sent.

    router = Router(prefix="/api/v1/x")

Coroutines stay in the event loop. A coroutine as endpoint gets what its plain dependencies found, but no session: it
would hold a connection while it waits for something else. That, and a coroutine that depends on a plain function,
are refused when the route is made.
"""

import inspect
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response, params
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from backoffice.text_request import TextRequest

WORKER_THREADS = 40
"""The server's worker threads; admission lets fewer requests at them than there are."""

Call = Callable[..., Any]


@dataclass(eq=False)
class Step:
    """One dependency to be called in the worker thread."""

    call: Call
    given: Mapping[str, Any]
    value: Any = None

    def take(self, ends: ExitStack) -> None:
        """Do it; what it opened is closed by ``ends``."""
        given = _values(self.given)
        is_opened = inspect.isgeneratorfunction(self.call)
        self.value = ends.enter_context(contextmanager(self.call)(**given)) if is_opened else self.call(**given)


@dataclass
class Work:
    """What one request has to do in its thread, in order."""

    steps: list[Step] = field(default_factory=list)

    def do(self, last: Call, given: Mapping[str, Any]) -> Any:
        """Everything, and ``last`` while what the steps opened is open."""
        with ExitStack() as ends:
            for step in self.steps:
                step.take(ends)
            return last(**_values(given))


_work: ContextVar[Work] = ContextVar("perscan_work")


class OneThreadRoute(APIRoute):
    """A route whose plain functions run in one thread."""

    def __init__(
        self, path: str, endpoint: Call, *, dependencies: Sequence[params.Depends] | None = None, **options: Any
    ) -> None:
        super().__init__(path, _in_one_thread(endpoint, dependencies or ()), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            work = Work()
            _work.set(work)
            try:
                return await answer(TextRequest(request.scope, request.receive))
            except RequestValidationError:
                if work.steps:
                    await to_thread.run_sync(work.do, _nothing, {})  # who may not ask hears that, not what was wrong
                raise

        return handle


class Router(APIRouter):
    """A router of such routes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=OneThreadRoute, **options)


def _in_one_thread(endpoint: Call, dependencies: Sequence[params.Depends]) -> Call:
    """The endpoint as FastAPI sees it: a coroutine that hands the request's work to a thread."""
    waits = inspect.iscoroutinefunction(endpoint)
    signature = _deferred_signature(endpoint, waits=False)
    before = [_required(number, needed.dependency) for number, needed in enumerate(dependencies) if needed.dependency]
    if waits:
        _refuse_open_steps(endpoint)

    async def run(**given: Any) -> Any:
        wanted = {name: value for name, value in given.items() if name in signature.parameters}
        work = _work.get()
        if not waits:
            return await to_thread.run_sync(work.do, endpoint, wanted)
        if work.steps:
            await to_thread.run_sync(work.do, _nothing, {})
        return await endpoint(**_values(wanted))

    return _dressed(run, endpoint, signature.replace(parameters=[*before, *signature.parameters.values()]))


@cache
def _deferred(call: Call) -> Call:
    """A dependency as FastAPI sees it: a plain function becomes a coroutine that notes down what is to be done."""
    waits = _is_coroutine(call)
    signature = _deferred_signature(call, waits=waits)
    if waits:
        return call

    async def note(**given: Any) -> Step:
        step = Step(call, given)
        _work.get().steps.append(step)
        return step

    return _dressed(note, call, signature)


def _deferred_signature(call: Call, *, waits: bool) -> inspect.Signature:
    signature = inspect.signature(call)
    parameters = [_deferred_parameter(call, parameter, waits=waits) for parameter in signature.parameters.values()]
    return signature.replace(parameters=parameters)


def _deferred_parameter(call: Call, parameter: inspect.Parameter, *, waits: bool) -> inspect.Parameter:
    needed = _needed(parameter)
    named = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)  # FastAPI passes every value by its name
    if needed is None or needed.dependency is None:
        return named
    if waits and not _is_coroutine(needed.dependency):
        raise TypeError(f"{call}: a coroutine cannot wait for {needed.dependency}, which runs in the worker thread")
    return named.replace(annotation=Annotated[Any, Depends(_deferred(needed.dependency))])


def _needed(parameter: inspect.Parameter) -> params.Depends | None:
    if isinstance(parameter.default, params.Depends) or isinstance(parameter.annotation, str):
        raise TypeError(f"{parameter}: dependencies are written as Annotated[..., Depends(...)]")
    if get_origin(parameter.annotation) is not Annotated:
        return None
    return next((part for part in get_args(parameter.annotation) if isinstance(part, params.Depends)), None)


def _required(number: int, dependency: Call) -> inspect.Parameter:
    """A dependency without a value for the endpoint, as a parameter that is dropped."""
    annotation = Annotated[Any, Depends(_deferred(dependency))]
    return inspect.Parameter(f"required_{number}", inspect.Parameter.KEYWORD_ONLY, annotation=annotation)


def _refuse_open_steps(call: Call) -> None:
    for parameter in inspect.signature(call).parameters.values():
        needed = _needed(parameter)
        if needed is not None and needed.dependency is not None:
            if inspect.isgeneratorfunction(needed.dependency):
                raise TypeError(f"{call}: a coroutine may not hold {needed.dependency} open while it waits")
            _refuse_open_steps(needed.dependency)


def _dressed(made: Call, original: Call, signature: inspect.Signature) -> Call:
    """With the name, words and signature of the original, which FastAPI shows and reads."""
    vars(made)["__signature__"] = signature
    made.__name__ = getattr(original, "__name__", type(original).__name__)
    made.__doc__ = original.__doc__
    made.__module__ = original.__module__
    vars(made)["perscan_original"] = original
    return made


def _is_coroutine(call: Call) -> bool:
    return inspect.iscoroutinefunction(call) or inspect.iscoroutinefunction(getattr(call, "__call__", None))  # noqa: B004


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.value if isinstance(value, Step) else value for name, value in given.items()}


def _nothing() -> None:
    return None
