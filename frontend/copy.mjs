// Puts what the viewer needs of OpenSeadragon into the Python package: the script, its buttons, its licence.
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const from = join(here, "node_modules", "openseadragon");
const to = join(here, "..", "src", "perceptual_photomosaic", "view", "vendor", "openseadragon");

rmSync(to, { recursive: true, force: true });
mkdirSync(join(to, "images"), { recursive: true });
cpSync(join(from, "build", "openseadragon", "openseadragon.min.js"), join(to, "openseadragon.min.js"));
cpSync(join(from, "LICENSE.txt"), join(to, "LICENSE.txt"));
const images = join(from, "build", "openseadragon", "images");
for (const name of readdirSync(images)) {
  if (/^(zoomin|zoomout|home|fullpage)_.*\.png$/.test(name)) cpSync(join(images, name), join(to, "images", name));
}
console.log(`copied OpenSeadragon to ${to}`);
