// What every page does once it is there. No page needs this file to be read or used; it only makes pages move.

import { drawCharts, redrawCharts } from "./charts.js";
import { startFilters } from "./filters.js";
import { startLive } from "./live.js";
import { startMenu } from "./menu.js";
import { startClock, tellTimes } from "./time.js";

document.documentElement.classList.add("scripted");

startMenu();
startFilters();
startClock();
drawCharts();
startLive((region) => {
  tellTimes(region);
  redrawCharts(region);
});
