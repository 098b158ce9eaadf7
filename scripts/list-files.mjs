// Lists a built application in its service worker: every file with its length and SHA-256, sorted, and
// a version made of nothing else, so that the same build is the same version. Those of a packed file are of
// what is in it. The page learns its version too, from its <meta name="version">.
//
// usage: node list-files.mjs FOLDER      trunk's hook runs it over a new dist/ (Trunk.toml); to be run again
//                                        by whoever changes, adds or removes a file there
import {createHash} from 'node:crypto';
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';

const WORKER = 'service-worker.js';
const PAGE = 'index.html';

const folder = process.argv[2];
if (!folder) {
  console.error('usage: node list-files.mjs FOLDER');
  process.exit(2);
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** `text` with what `pattern` finds replaced; that it finds nothing is a fault. */
function replaced(name, text, pattern, value) {
  if (!pattern.test(text)) {
    console.error(`${path.join(folder, name)}: there is no place for the list or the version (${pattern})`);
    process.exit(1);
  }
  return text.replace(pattern, () => value);
}

function list() {
  const paths = readdirSync(folder, {recursive: true})
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .map((name) => name.split(path.sep).join('/'))
    // Hidden files are of the host's and the system's own, and many hosts do not serve them.
    .filter((name) => name !== WORKER && !name.split('/').some((part) => part.startsWith('.')))
    .sort();
  return paths.map((name) => {
    const read = readFileSync(path.join(folder, name));
    const bytes = name.endsWith('.gz') ? gunzipSync(read) : read;
    return {path: name, bytes: bytes.length, sha256: sha256(bytes)};
  });
}

/** Writes the page with this version in it. */
function writePage(version) {
  const file = path.join(folder, PAGE);
  const page = readFileSync(file, 'utf8');
  writeFileSync(file, replaced(PAGE, page, /(?<=<meta name="version" content=")[^"]*/, version));
}

// The page is part of what makes the version, so the version is made without itself in it; and so is the
// worker, which is not in the list.
writePage('');
const worker = path.join(folder, WORKER);
const source = readFileSync(worker, 'utf8');
const build = (version, files) => replaced(WORKER, source, /^const BUILD = .*;$/m, `const BUILD = ${JSON.stringify({version, files})};`);
const version = sha256(build('', list())).slice(0, 16);
writePage(version);
const files = list();
writeFileSync(worker, build(version, files));
const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
console.log(`build: version ${version}, ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
