// Filters apply when they are changed; their button is for browsers without scripts.

export function startFilters() {
  for (const form of document.querySelectorAll("form.filters")) {
    form.addEventListener("change", () => form.requestSubmit());
    form.addEventListener("submit", () => leaveOutEmpty(form));
  }
}

// An address says only what was chosen.
function leaveOutEmpty(form) {
  for (const field of form.elements) {
    if (field.name && field.value === "") field.disabled = true;
  }
}

// Coming back with the browser's button shows a page from its memory: fields still off, and with what was chosen last
// instead of what the list below shows.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form.filters")) {
    form.reset();
    for (const field of form.elements) field.disabled = false;
  }
});
