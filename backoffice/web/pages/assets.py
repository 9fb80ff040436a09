"""What pages load besides themselves: the chart library and the charts' specifications."""

from fastapi import Request
from starlette.responses import JSONResponse, Response

from backoffice.deps import SettingsDep
from backoffice.errors import NotFound
from backoffice.routing import Router
from backoffice.web import assets
from backoffice.web.charts import chart

router = Router(include_in_schema=False)

SPEC_KEPT_S = 300


@router.get("/assets/{name}")
def vega(name: str, request: Request, settings: SettingsDep) -> Response:
    if name != assets.vega_name():
        raise NotFound()
    return assets.vega_response(settings.cache_path, request.headers.get("accept-encoding", ""))


@router.get("/charts/{name}.json")
def chart_spec(name: str) -> Response:
    spec = chart(name)
    if spec is None:
        raise NotFound()
    return JSONResponse(spec, headers={"cache-control": f"private, max-age={SPEC_KEPT_S}"})
