// The first administrator. The token of the printed link stands behind the "#": it never reaches a log.

const form = document.getElementById("setup");
const problem = document.getElementById("setup-problem");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(form));
  const answer = await fetch("/api/v1/setup", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...given, token: location.hash.slice(1) }),
  });
  if (answer.ok) return location.replace("/");
  problem.textContent = answer.status === 401 ? form.dataset.refused : form.dataset.wrong;
  problem.hidden = false;
});
