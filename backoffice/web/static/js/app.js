// What every page does once it is there. No page needs this file to be read or used; it only makes pages move.

import { drawCharts, redrawCharts } from "./charts.js";
import { startFilters } from "./filters.js";
import { startLive } from "./live.js";
import { startMenu } from "./menu.js";
import { startClock, tellTimes } from "./time.js";

document.documentElement.classList.add("scripted");

// A page that answers a form says where it can be looked at again: to load it again is not to send the form again.
const { at } = document.querySelector("script[data-at]")?.dataset ?? {};
if (at !== undefined) history.replaceState(null, "", at);

startMenu();
startFilters();
startClock();
drawCharts();
startLive((region) => {
  tellTimes(region);
  redrawCharts(region);
});
