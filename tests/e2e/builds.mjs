// Builds as tests of the offline copy need them: copies of dist/ with a small network and something changed,
// listed anew.
import {execFileSync} from 'node:child_process';
import {cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {gzipSync} from 'node:zlib';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {DIST, smallModel} from './harness.mjs';

const LISTER = fileURLToPath(new URL('../../scripts/list-files.mjs', import.meta.url));
const made = [];

/** A copy of dist/ with the small network in which `edits` maps a file to a function from its text to another text. */
export function build(edits = {}) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'cytolens-build-'));
  made.push(folder);
  cpSync(DIST, folder, {recursive: true});
  cpSync(path.join(smallModel(), 'manifest.json'), path.join(folder, 'model/manifest.json'));
  writeFileSync(path.join(folder, 'model/weights.safetensors.gz'), gzipSync(readFileSync(path.join(smallModel(), 'weights.safetensors'))));
  for (const [name, edit] of Object.entries(edits)) {
    const file = path.join(folder, name);
    const text = readFileSync(file, 'utf8');
    const edited = edit(text);
    if (edited === text) throw new Error(`${name} was to be changed, and is not`);
    writeFileSync(file, edited);
  }
  execFileSync(process.execPath, [LISTER, folder]);
  return folder;
}

/** Another build, which differs from the first in what two of its files say. */
export function newerBuild() {
  return build({
    'index.html': (text) => text.replace('Where in the cell is the protein?</p>', 'A newer page.</p>'),
    'start.js': (text) => `${text}\ndocument.body.dataset.script = 'newer';\n`,
  });
}

/** The version that a build's page names. */
export function versionOf(folder) {
  return /<meta name="version" content="([^"]+)"/.exec(readFileSync(path.join(folder, 'index.html'), 'utf8'))[1];
}

/** Removes every build that was made. */
export function removeBuilds() {
  for (const folder of made.splice(0)) rmSync(folder, {recursive: true, force: true});
}
