// Unpacks Chromium, its libraries and its fonts beside the package that carries them compressed.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const modules = join(import.meta.dirname, "node_modules");
const place = join(modules, ".chromium");
await rm(place, { recursive: true, force: true });
await mkdir(place, { recursive: true });
process.env.TMPDIR = place; // where `inflate` writes

const { inflate } = await import("@sparticuz/chromium");
const packed = join(modules, "@sparticuz", "chromium", "bin");
for (const name of ["chromium.br", "al2023.tar.br", "fonts.tar.br"]) await inflate(join(packed, name));
await writeFile(join(place, "fonts.conf"), `<?xml version="1.0"?>
<fontconfig><dir>${join(place, "fonts")}</dir><cachedir>${join(place, "fonts-cache")}</cachedir></fontconfig>
`);
