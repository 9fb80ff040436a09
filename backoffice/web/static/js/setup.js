// The first administrator. The token of the printed link stands behind the "#": it never reaches a log.

const form = document.getElementById("setup");
const problem = document.getElementById("setup-problem");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(form));
  const status = await send({ ...given, token: location.hash.slice(1) });
  if (status === 201) return location.replace("/");
  problem.textContent = form.dataset[status === 401 ? "refused" : status === 422 ? "wrong" : "busy"];
  problem.hidden = false;
});

// The status of the answer; 0 when there was none.
async function send(given) {
  try {
    const answer = await fetch("/api/v1/setup", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(given),
    });
    return answer.status;
  } catch {
    return 0;
  }
}
