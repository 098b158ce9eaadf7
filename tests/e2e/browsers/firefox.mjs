// Firefox, driven by WebDriver BiDi (https://www.w3.org/TR/webdriver-bidi/).
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {WebSocket} from 'ws';

/** What a profile for tests is set to: files are saved unasked, and nothing is looked up in the network. */
const settings = (downloads) => ({
  'browser.download.folderList': 2,
  'browser.download.dir': downloads,
  'browser.download.always_ask_before_handling_new_types': false,
  'browser.download.alwaysOpenPanel': false,
  'browser.aboutwelcome.enabled': false,
  'browser.safebrowsing.malware.enabled': false,
  'browser.safebrowsing.phishing.enabled': false,
  'browser.shell.checkDefaultBrowser': false,
  'app.update.disabledForTesting': true,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.systemAddon.update.enabled': false,
  'extensions.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'http://127.0.0.1:1/',
});

/** Starts Firefox without a screen; gives its one window, as `flows.mjs` describes it. */
export async function launchFirefox(program) {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'cytolens-firefox-'));
  const lines = Object.entries(settings(scratch)).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
  writeFileSync(path.join(scratch, 'user.js'), lines.join('\n'));
  const browser = spawn(program, ['--headless', '--no-remote', '--profile', scratch, '--remote-debugging-port', '0'], {stdio: ['ignore', 'ignore', 'pipe']});
  const close = async () => {
    const gone = browser.exitCode ?? browser.signalCode ?? once(browser, 'exit');
    browser.kill();
    await gone;
    rmSync(scratch, {recursive: true, force: true, maxRetries: 5});
  };
  try {
    const socket = new WebSocket(`${await listening(browser)}/session`);
    await once(socket, 'open');
    return await windowOf(socket, {downloads: scratch, close});
  } catch (error) {
    await close();
    throw error;
  }
}

/** The address at which a browser that starts takes commands. */
async function listening(browser) {
  const said = [];
  for await (const line of createInterface(browser.stderr)) {
    said.push(line);
    const found = /WebDriver BiDi listening on (ws:\S+)/.exec(line);
    if (!found) continue;
    browser.stderr.resume();
    return found[1];
  }
  throw new Error(`Firefox did not start: ${said.join('\n')}`);
}

async function windowOf(socket, {downloads, close}) {
  const answers = new Map();
  socket.on('message', (text) => {
    const {id, type, result, error, message} = JSON.parse(text);
    const {resolve, reject} = answers.get(id);
    answers.delete(id);
    if (type === 'error') reject(new Error(`${error}: ${message}`));
    else resolve(result);
  });
  socket.on('close', () => answers.forEach(({reject}) => reject(new Error('Firefox has gone'))));

  let last = 0;
  const command = (method, params) => new Promise((resolve, reject) => {
    last += 1;
    answers.set(last, {resolve, reject});
    socket.send(JSON.stringify({id: last, method, params}));
  });

  const {capabilities} = await command('session.new', {capabilities: {}});
  const {contexts: [{context}]} = await command('browsingContext.getTree', {});
  await command('browsingContext.setViewport', {context, viewport: {width: 1280, height: 900}});

  const evaluate = async (use, ...values) => {
    const answer = await command('script.callFunction', {
      functionDeclaration: `async (values) => JSON.stringify(await (${use})(...JSON.parse(values)))`,
      arguments: [{type: 'string', value: JSON.stringify(values)}],
      awaitPromise: true,
      target: {context},
    });
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails.text);
    return answer.result.type === 'string' ? JSON.parse(answer.result.value) : undefined;
  };
  const element = async (selector) => {
    const {nodes: [node]} = await command('browsingContext.locateNodes', {context, locator: {type: 'css', value: selector}, maxNodeCount: 1});
    if (!node) throw new Error(`there is no ${selector}`);
    return {sharedId: node.sharedId};
  };
  return {
    version: `Firefox ${capabilities.browserVersion}`,
    downloads,
    evaluate,
    goto: (url) => command('browsingContext.navigate', {context, url, wait: 'complete'}),
    reload: () => command('browsingContext.reload', {context, wait: 'complete'}),
    choose: async (selector, files) => command('input.setFiles', {context, element: await element(selector), files}),
    click: async (selector) => {
      await evaluate((selector) => document.querySelector(selector)?.scrollIntoView({block: 'center'}), selector);
      const origin = {type: 'element', element: await element(selector)};
      const actions = [{type: 'pointerMove', x: 0, y: 0, origin}, {type: 'pointerDown', button: 0}, {type: 'pointerUp', button: 0}];
      await command('input.performActions', {context, actions: [{type: 'pointer', id: 'mouse', actions}]});
    },
    close,
  };
}
