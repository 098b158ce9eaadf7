// WebKit in its smallest browser, WebKitGTK's MiniBrowser, driven by WebDriver (https://www.w3.org/TR/webdriver/).
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {until} from '../harness.mjs';

/** The name under which WebDriver hands out elements. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** Starts MiniBrowser on a screen of its own; gives its one window, as `flows.mjs` describes it. */
export async function launchWebKit({driver, browser}) {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'cytolens-webkit-'));
  const downloads = path.join(scratch, 'saved');
  mkdirSync(downloads);
  writeFileSync(path.join(scratch, 'user-dirs.dirs'), `XDG_DOWNLOAD_DIR="${downloads}"\n`);
  const started = [];
  const start = (program, args, options) => {
    const process = spawn(program, args, options);
    started.unshift(process);
    return process;
  };
  const close = async () => {
    for (const process of started) {
      const gone = process.exitCode ?? process.signalCode ?? once(process, 'exit');
      process.kill();
      await gone;
    }
    // The browser ends after its driver, and writes until then.
    rmSync(scratch, {recursive: true, force: true, maxRetries: 20, retryDelay: 100});
  };
  try {
    const screen = start('Xvfb', ['-displayfd', '3', '-screen', '0', '1400x1000x24', '-nolisten', 'tcp'], {stdio: ['ignore', 'ignore', 'ignore', 'pipe']});
    const [display] = await once(createInterface(screen.stdio[3]), 'line');
    const port = await freePort();
    start(driver, [`--port=${port}`], {
      stdio: 'ignore',
      // No accessibility bus and no bus of the session: neither is needed, and not every machine has one.
      env: {...process.env, DISPLAY: `:${display}`, XDG_CONFIG_HOME: scratch, XDG_DATA_HOME: scratch, XDG_CACHE_HOME: scratch,
        GTK_A11Y: 'none', NO_AT_BRIDGE: '1', DBUS_SESSION_BUS_ADDRESS: 'disabled:'},
    });
    return await windowOf(`http://127.0.0.1:${port}`, {browser, downloads, close});
  } catch (error) {
    await close();
    throw error;
  }
}

async function freePort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const {port} = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function windowOf(origin, {browser, downloads, close}) {
  const command = async (method, address, body) => {
    const response = await fetch(origin + address, {method, body: body && JSON.stringify(body)});
    const {value} = await response.json();
    if (!response.ok) throw new Error(`${value.error}: ${value.message}`);
    return value;
  };
  await until(() => command('GET', '/status').then(({ready}) => ready, () => false));
  const options = {binary: browser, args: ['--automation']};
  const {sessionId, capabilities} = await command('POST', '/session', {capabilities: {alwaysMatch: {'webkitgtk:browserOptions': options}}});
  const session = `/session/${sessionId}`;
  await command('POST', `${session}/window/rect`, {width: 1280, height: 900});

  const element = async (selector) => (await command('POST', `${session}/element`, {using: 'css selector', value: selector}))[ELEMENT];
  return {
    version: `WebKitGTK ${capabilities.browserVersion}`,
    downloads,
    evaluate: async (use, ...values) => {
      const script = `const [values, done] = arguments;
        (async () => (${use})(...JSON.parse(values)))().then(
          (value) => done({text: JSON.stringify(value)}),
          (error) => done({fault: String(error)}));`;
      const {text, fault} = await command('POST', `${session}/execute/async`, {script, args: [JSON.stringify(values)]});
      if (fault) throw new Error(fault);
      return text === undefined ? undefined : JSON.parse(text);
    },
    goto: (url) => command('POST', `${session}/url`, {url}),
    reload: () => command('POST', `${session}/refresh`, {}),
    choose: async (selector, files) => command('POST', `${session}/element/${await element(selector)}/value`, {text: files.join('\n')}),
    click: async (selector) => command('POST', `${session}/element/${await element(selector)}/click`, {}),
    close: async () => {
      await command('DELETE', session).catch(() => {});
      await close();
    },
  };
}
