// Serves a folder on 127.0.0.1, with the content types that browsers insist on for modules and
// WebAssembly, and without caching: what was just built is what is seen.
//
// usage: node serve.mjs FOLDER [PORT]      takes the next free port where PORT is in use
import {createReadStream, realpathSync} from 'node:fs';
import {stat} from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.jpg': 'image/jpeg',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/** The file that an address names inside `folder`, or undefined: never one outside it. */
async function fileFor(folder, address) {
  let name;
  try {
    name = path.join(folder, decodeURIComponent(new URL(address, 'http://x').pathname));
  } catch {
    return undefined;
  }
  if (name !== folder && !name.startsWith(folder + path.sep)) return undefined;
  for (const candidate of [name, path.join(name, 'index.html')]) {
    const found = await stat(candidate).catch(() => undefined);
    if (found?.isFile()) return {name: candidate, size: found.size};
  }
  return undefined;
}

/**
 * Answers one request from the files of `folder`.
 *
 * @param {Record<string, string>} headers sent with every answer
 */
export async function answer(folder, request, response, headers = {}) {
  const file = await fileFor(path.resolve(folder), request.url);
  if (!file) {
    response.writeHead(404, {...headers, 'content-type': 'text/plain'}).end('not found\n');
    return;
  }
  response.writeHead(200, {
    ...headers,
    'cache-control': 'no-store',
    'content-length': file.size,
    'content-type': TYPES[path.extname(file.name)] ?? 'application/octet-stream',
  });
  if (request.method === 'HEAD') response.end();
  else createReadStream(file.name).on('error', () => response.destroy()).pipe(response);
}

/** Listens on `port` of 127.0.0.1 or, where it is taken, on the next of the following hundred. */
export function listen(server, port) {
  return new Promise((resolve, reject) => {
    let next = port;
    server.on('error', (error) => {
      if (error.code === 'EADDRINUSE' && next < port + 100) server.listen(++next, '127.0.0.1');
      else reject(error);
    });
    server.on('listening', () => resolve(server.address().port));
    server.listen(port, '127.0.0.1');
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [folder, port = '8080'] = process.argv.slice(2);
  if (!folder || !(Number(port) >= 0)) {
    console.error('usage: node serve.mjs FOLDER [PORT]');
    process.exit(2);
  }
  const server = http.createServer((request, response) => answer(folder, request, response));
  const taken = await listen(server, Number(port));
  console.log(`Cytolens is at http://127.0.0.1:${taken}/   (Ctrl-C stops it)`);
}
