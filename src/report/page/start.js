// Draws the page, and again when its width changes.

function drawCharts() {
  drawLiveChart();
  drawSizes();
  if (data.code) drawMapped();
}

let drawnWidth = document.documentElement.clientWidth;
addEventListener("resize", () => {
  const width = document.documentElement.clientWidth;
  if (width === drawnWidth) return;
  drawnWidth = width;
  requestAnimationFrame(() => {
    drawCharts();
    if (newer) drawAll();
  });
});

if (data.stacks) loadStacks();
drawCharts();
if (data.code) drawCode();
if (data.stacks) prepareStacks();
document.body.dataset.drawn = "yes";
