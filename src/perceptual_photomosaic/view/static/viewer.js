// Shows MOSAIC (data.js): the picture in deep zoom, the tile of each cell, and the target faded over it.
"use strict";

const byId = (id) => document.getElementById(id);
const { columns, rows, width, height, tileSize, overlap, cells, tiles, target } = MOSAIC;
const usesOf = new Map(); // tile -> its cells, in reading order
cells.forEach((tile, cell) => usesOf.set(tile, [...(usesOf.get(tile) ?? []), cell]));

const viewer = OpenSeadragon({
  id: "mosaic",
  prefixUrl: "openseadragon/images/",
  drawer: "canvas", // pages from disk may not pass pictures to WebGL
  crossOriginPolicy: false,
  maxZoomPixelRatio: 4,
  visibilityRatio: 0.5,
  gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
  gestureSettingsTouch: { clickToZoom: false, dblClickToZoom: true },
  tileSources: {
    Image: {
      xmlns: "http://schemas.microsoft.com/deepzoom/2008",
      Url: "mosaic_files/",
      Format: "jpg",
      TileSize: String(tileSize),
      Overlap: String(overlap),
      Size: { Width: String(width), Height: String(height) },
    },
  },
});

// ---- the target over the mosaic ----

let overlay = null;
if (target) {
  byId("fade").hidden = false;
  viewer.addOnceHandler("open", () => {
    viewer.addSimpleImage({ url: target, x: 0, y: 0, width: 1, opacity: 0, success: ({ item }) => { overlay = item; fade(); } });
  });
}

function fade() {
  overlay?.setOpacity(byId("slider").value / 100);
}
byId("slider").addEventListener("input", fade);

// ---- one tile and all its uses ----

let chosen = null; // { tile, use }: the tile, and the number of the use that is shown

function choose(tile, cell) {
  const uses = usesOf.get(tile);
  chosen = { tile, use: uses.indexOf(cell) };
  const facts = tiles[tile];
  const place = { column: (cell % columns) + 1, row: Math.floor(cell / columns) + 1 };
  byId("photo").src = facts.picture;
  byId("name").textContent = facts.name;
  byId("path").textContent = facts.path;
  byId("facts").replaceChildren();
  addFact("taken", facts.date);
  addFact("caption", facts.caption);
  addFact("here", `row ${place.row}, column ${place.column}`);
  byId("count").textContent =
    uses.length === 1 ? "used once, here" : `use ${(chosen.use + 1).toLocaleString()} of ${uses.length.toLocaleString()}`;
  byId("previous").disabled = byId("next").disabled = uses.length === 1;
  byId("card").hidden = false;
  history.replaceState(null, "", `#${place.row},${place.column}`);
  drawMarks();
}

function addFact(word, value) {
  if (!value) return;
  const term = document.createElement("dt");
  const text = document.createElement("dd");
  term.textContent = word;
  text.textContent = value;
  byId("facts").append(term, text);
}

function close() {
  chosen = null;
  byId("card").hidden = true;
  history.replaceState(null, "", location.pathname);
  drawMarks();
}

function step(by) {
  const uses = usesOf.get(chosen.tile);
  const cell = uses[(chosen.use + by + uses.length) % uses.length];
  choose(chosen.tile, cell);
  show(cell);
}

function show(cell) {
  const x = ((cell % columns) + 0.5) / columns;
  const y = (((Math.floor(cell / columns) + 0.5) / rows) * height) / width;
  viewer.viewport.panTo(new OpenSeadragon.Point(x, y));
}

byId("close").addEventListener("click", close);
byId("previous").addEventListener("click", () => step(-1));
byId("next").addEventListener("click", () => step(1));
document.addEventListener("keydown", (event) => {
  if (!chosen) return;
  if (event.key === "Escape") close();
  if (event.key === "n") step(1);
  if (event.key === "p") step(-1);
});

viewer.addHandler("canvas-click", (event) => {
  if (!event.quick) return;
  const point = viewer.viewport.pointFromPixel(event.position);
  const column = Math.floor(point.x * columns);
  const row = Math.floor(((point.y * width) / height) * rows);
  if (column < 0 || row < 0 || column >= columns || row >= rows) return close();
  const cell = row * columns + column;
  choose(cells[cell], cell);
});

// ---- marks: everything but the uses of the chosen tile is dimmed ----

const marks = byId("marks");

function drawMarks() {
  const ratio = window.devicePixelRatio || 1;
  marks.width = marks.clientWidth * ratio;
  marks.height = marks.clientHeight * ratio;
  if (!chosen || !viewer.world.getItemCount()) return;
  const pen = marks.getContext("2d");
  pen.scale(ratio, ratio);
  const from = viewer.viewport.pixelFromPoint(new OpenSeadragon.Point(0, 0), true);
  const to = viewer.viewport.pixelFromPoint(new OpenSeadragon.Point(1, height / width), true);
  const wide = (to.x - from.x) / columns;
  const high = (to.y - from.y) / rows;
  const boxes = usesOf.get(chosen.tile).map((cell) => [
    from.x + (cell % columns) * wide,
    from.y + Math.floor(cell / columns) * high,
  ]);
  pen.fillStyle = "#000a";
  pen.fillRect(from.x, from.y, to.x - from.x, to.y - from.y);
  for (const [x, y] of boxes) pen.clearRect(x, y, wide, high);
  pen.strokeStyle = "#ffd23f";
  pen.lineWidth = Math.max(1, Math.min(3, wide / 12));
  if (wide > 5) for (const [x, y] of boxes) pen.strokeRect(x, y, wide, high);
  const [x, y] = boxes[chosen.use];
  pen.lineWidth = Math.max(2, Math.min(5, wide / 8));
  pen.strokeStyle = "#fff";
  pen.strokeRect(x, y, wide, high);
}

viewer.addHandler("update-viewport", drawMarks);
window.addEventListener("resize", drawMarks);

const used = usesOf.size;
byId("hint").textContent =
  `${columns} × ${rows} tiles, ${used.toLocaleString()} different ones. Click one to see which it is.`;
document.title = MOSAIC.title;

// A link to a cell: index.html#row,column
viewer.addOnceHandler("open", () => {
  const [row, column] = location.hash.slice(1).split(",").map(Number);
  if (row >= 1 && row <= rows && column >= 1 && column <= columns) {
    const cell = (row - 1) * columns + column - 1;
    choose(cells[cell], cell);
  }
});
