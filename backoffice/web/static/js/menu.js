// The menu of a narrow screen.

export function startMenu() {
  const button = document.querySelector("[data-menu-button]");
  const menu = document.getElementById("menu");
  if (!button || !menu) return;

  const show = (open) => {
    menu.classList.toggle("open", open);
    button.setAttribute("aria-expanded", String(open));
  };
  button.addEventListener("click", () => show(!menu.classList.contains("open")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.classList.contains("open")) return;
    show(false);
    button.focus();
  });
}
