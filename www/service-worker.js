// Keeps a copy of the whole application, for use without a network, and answers from it.
//
// A version is a build: the files that the build listed, each known by its SHA-256, packed ones by that of what is in
// them, and so they are kept. A version is installed once every one of its files is kept and has been found to be what was built, so the worker
// that answers has a whole copy, of one build and no other. A new version waits beside the old one until
// the visitor takes it (src/page/offline.rs).
//
// From a page it hears {page: VERSION}, what that page is of, {takeOver: true} and {leave: true}. It tells
// {state: 'keeping', kept, total}, {state: 'ready', total}, {state: 'refused', file, cause} and
// {state: 'crowded'}; `kept` and `total` are in bytes.

// scripts/list-files.mjs puts the build's list in the place of this line.
const BUILD = {version: '', files: []};

const SCOPE = registration.scope;
// One origin may have several copies of the application, in folders of their own.
const FAMILY = `cytolens ${SCOPE} `;
const KEPT = FAMILY + BUILD.version;
// What a page downloaded before this worker was there, so that it is not downloaded twice.
const ARRIVED = 'cytolens arrived';

const TOTAL = BUILD.files.reduce((sum, {bytes}) => sum + bytes, 0);
const FILES = new Map(BUILD.files.map((file) => [new URL(file.path, SCOPE).pathname, file]));
FILES.set(new URL(SCOPE).pathname, BUILD.files.find(({path}) => path === 'index.html'));

addEventListener('install', (event) => event.waitUntil(keepAll()));
addEventListener('activate', (event) => event.waitUntil(removeOthers()));
addEventListener('message', (event) => event.waitUntil(hear(event)));
addEventListener('fetch', (event) => {
  const {pathname, origin} = new URL(event.request.url);
  const file = origin === location.origin ? FILES.get(pathname) : undefined;
  if (file && event.request.method === 'GET') event.respondWith(answer(file, event.request));
});

/** Keeps every file that is not kept yet, one after another: the page's own work goes first. */
async function keepAll() {
  let kept = 0;
  for (const file of BUILD.files) {
    try {
      if (!(await inCache(KEPT, file))) await keep(file, await obtain(file));
    } catch (error) {
      await tell({state: 'refused', file: file.path, cause: error.message});
      throw error;
    }
    kept += file.bytes;
    await tell({state: 'keeping', kept, total: TOTAL});
  }
  await caches.delete(ARRIVED);
}

function inCache(cacheName, file) {
  return caches.match(addressOf(file), {cacheName});
}

async function keep(file, response) {
  const cache = await caches.open(KEPT);
  await cache.put(addressOf(file), response);
}

function addressOf({path}) {
  return new URL(path, SCOPE).href;
}

/** The file as it was built, from the nearest place that has it; fails where none does. */
async function obtain(file) {
  const near = (await caches.keys()).filter((name) => name === ARRIVED || name.startsWith(FAMILY));
  const places = [
    ...near.map((name) => () => inCache(name, file)),
    () => fetch(addressOf(file)),
    // The browser's own cache may hold a file of another build.
    () => fetch(addressOf(file), {cache: 'reload'}),
  ];
  let cause;
  for (const place of places) {
    const response = await place();
    if (!response) continue;
    if (!response.ok) {
      cause = `the server answered ${response.status}`;
      continue;
    }
    const body = await unpacked(file, await response.arrayBuffer());
    if (body && (await isBuilt(file, body))) return answerOf(response, body);
    cause = 'the server has another file than the one that was built';
  }
  throw new Error(cause);
}

/** What a file brought, without the build's packing if there is any left; nothing where it does not unpack. */
async function unpacked({path}, body) {
  const [first, second] = new Uint8Array(body);
  if (!path.endsWith('.gz') || first !== 0x1f || second !== 0x8b) return body;
  const stream = new Blob([body]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).arrayBuffer().catch(() => undefined);
}

async function isBuilt({bytes, sha256}, body) {
  if (body.byteLength !== bytes) return false;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('') === sha256;
}

/** A new response, for one that was redirected is refused as a page; with the server's headers, for they may isolate the page. */
function answerOf({headers}, body) {
  const kept = new Headers(headers);
  // The body is not as it was sent: the browser has unpacked it.
  for (const name of ['content-encoding', 'transfer-encoding', 'vary']) kept.delete(name);
  kept.set('content-length', body.byteLength);
  return new Response(body, {headers: kept});
}

async function answer(file, request) {
  // The visitor, or the browser for want of room, may have removed the copy. Then the server answers alone:
  // a page begins with a whole copy or with none of it.
  if (request.mode === 'navigate' && !(await isWhole())) await caches.delete(KEPT);
  return (await inCache(KEPT, file)) ?? fetch(request);
}

async function isWhole() {
  const cache = await caches.open(KEPT);
  return (await cache.keys()).length === BUILD.files.length;
}

/** Removes the copies of other versions. */
async function removeOthers() {
  for (const name of await caches.keys()) {
    if (name.startsWith(FAMILY) && name !== KEPT) await caches.delete(name);
  }
  // A build without a list keeps nothing, and nothing of an older one may answer in its place.
  if (BUILD.files.length === 0) await registration.unregister();
}

function windows() {
  return clients.matchAll({type: 'window', includeUncontrolled: true});
}

async function tell(message) {
  for (const client of await windows()) client.postMessage(message);
}

async function hear({data, source}) {
  if (data.leave) {
    await caches.delete(KEPT);
    await registration.unregister();
    return;
  }
  if (data.takeOver) {
    // Another window would be left with the program of one version and the files of another.
    if ((await windows()).length > 1) source.postMessage({state: 'crowded'});
    else await skipWaiting();
    return;
  }
  const isOfThisBuild = data.page === BUILD.version;
  if (!(await isWhole())) {
    // For a page of another build the copy would be half of a mixture.
    if (!isOfThisBuild) return;
    await keepAll();
  }
  await caches.delete(ARRIVED);
  source.postMessage({state: 'ready', total: TOTAL});
  // The page may have been loaded before this worker was there.
  if (isOfThisBuild) await clients.claim();
}
