// The page for everybody: no violation that axe finds, in any state, theme and width; all of it by
// keyboard; nothing that moves where a visitor asks for calm.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {test} from 'node:test';
import {beforeEngine, giveWeights, HELD, letThrough, weightsAreAsked, WITHOUT_WEIGHTS} from './engines.mjs';
import {drawnField, drop, settled, textNamed} from './fields.mjs';
import {choose, chromiumForTests, PATIENCE, reach, ready, resize} from './harness.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
/** The rules that a theme can break. Themes differ in colours alone, so that of two one is held against all rules. */
const OF_COLOURS = ['color-contrast', 'link-in-text-block'];
const WIDTHS = [390, 1280];
const timeout = 6 * PATIENCE.cpu;

/** All that opens over the page: its id, and the button that opens it. */
const OPENED = {
  'export-menu': '#export',
  quiz: '#open-quiz',
  diagnostics: '#open-diagnostics',
  channels: '#open-channels',
  'model-card': '#limits-more',
  rechannel: '#rechannel-open',
  engine: '#engine-open',
  menu: '#menu-open',
};
/** What no button opens but files whose names do not tell the channel. */
const MAPPER = 'mapper';

const {visit, open} = chromiumForTests();

/** The ids of all dialogs and popovers that the page has. */
const dialogsOf = (page) => page.evaluate(() => [...document.querySelectorAll('dialog, [popover]')].map(({id}) => id));

/**
 * Opens every dialog of the page by keyboard, hands its id and its button to `use` and closes it by Escape, which gives the focus
 * back.
 */
async function eachDialog(page, use) {
  const dialogs = await dialogsOf(page);
  assert.deepEqual(dialogs.toSorted(), [...Object.keys(OPENED), MAPPER].sort(), 'every dialog of the page is in a test');
  for (const id of dialogs) {
    const button = id === MAPPER ? '#export' : OPENED[id];
    // What a menu opens gives the focus back to the menu's button.
    const home = await reach(page, button);
    await page.focus(button);
    if (id === MAPPER) await drop(page, drawnField('x').map((file, at) => ({...file, name: `A1_w${at}.png`})));
    else await page.keyboard.press('Enter');
    await page.locator(`#${id}`).waitFor();
    await use(id, button);
    await page.keyboard.press('Escape');
    await page.locator(`#${id}`).waitFor({state: 'hidden'});
    assert.equal(await page.evaluate(() => `#${document.activeElement.id}`), home, `the focus after ${id}`);
  }
}

/** What axe finds by all its rules for us, or by these alone, one line an element: in the whole page, or in parts of it. */
async function violations(page, {parts = ['html'], rules} = {}) {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const runOnly = rules ? {type: 'rule', values: rules} : {type: 'tag', values: TAGS};
  return page.evaluate(async ([parts, runOnly]) => {
    // Colours on their way from one to another would be measured half-way.
    await Promise.allSettled(document.getAnimations().filter((it) => it instanceof CSSTransition).map((it) => it.finished));
    const {violations} = await window.axe.run({include: parts.map((part) => [part])}, {runOnly, resultTypes: ['violations']});
    return violations.flatMap(({id, help, nodes}) =>
      nodes.map(({target, any, all, none}) => {
        const why = [...any, ...all, ...none].map(({message}) => message).join('; ');
        return `${id} (${help}): ${target.join(' ')}: ${why}`;
      }),
    );
  }, [parts, runOnly]);
}

/** Looks at each state in both themes, and collects what axe finds under its name. */
function collector(page) {
  const found = [];
  const look = async (state, parts) => {
    for (const [colorScheme, rules] of [['dark', OF_COLOURS], ['light']]) {
      await page.emulateMedia({colorScheme});
      found.push(...(await violations(page, {parts, rules})).map((line) => `${state}, ${colorScheme}: ${line}`));
    }
  };
  return {found, look};
}

for (const width of WIDTHS) {
  test(`axe finds nothing at ${width} px, in both themes`, {timeout}, async () => {
    await visit(async (page) => {
      const {found, look} = collector(page);
      await weightsAreAsked(page);
      await look('loading');
      await giveWeights(page);
      await ready(page);
      await look('start');
      await page.setInputFiles('#files', [...drawnField('alpha'), ...drawnField('beta')]);
      await page.waitForSelector('.field[data-state="working"]', {state: 'attached'});
      await look('working');
      assert.ok(await page.isVisible('.field[data-state="working"]'), 'it was looked at while a field was in work');
      await letThrough(page);
      await settled(page, 'beta', timeout);
      await settled(page, 'alpha', timeout);
      await look('results');
      await page.click('#views [data-view="table"]');
      await page.locator('#results tbody .chooser input').first().check();
      await look('table');
      await page.click('#chosen-none');
      await page.click('#views [data-view="gallery"]');
      // What lies behind a dialog has been looked at.
      await eachDialog(page, (id, button) => look(id, [`#${id}`, button]));
      await choose(page, '#open-quiz');
      await page.check('[name="kind"][value="desk"]');
      await look('quiz without a table', ['#quiz']);
      await page.check('[name="kind"][value="samples"]');
      await page.selectOption('#quiz-length', '5');
      // One of the round's fields stands for all.
      await page.click('[data-quiz="begin"]');
      await page.waitForSelector('#quiz-layers canvas', {timeout: PATIENCE.cpu});
      await page.check('#quiz [name="location"][value="2"]');
      await look('quiz, asked', ['#quiz']);
      await page.click('#quiz-form [type="submit"]');
      await page.waitForSelector('#quiz-reveal:not([hidden])', {timeout: PATIENCE.cpu});
      await look('quiz, answered', ['#quiz']);
      await page.keyboard.press('Escape');
      await page.locator('#quiz').waitFor({state: 'hidden'});
      await page.setInputFiles('#files', textNamed('list.png'));
      await settled(page, 'list');
      await look('error');
      assert.deepEqual(found, []);
    }, {viewport: {width, height: width > 600 ? 900 : 844}, changes: {...beforeEngine(HELD), ...WITHOUT_WEIGHTS}});
  });
}

test('axe finds nothing where the engine cannot be had', {timeout}, async () => {
  await visit(async (page) => {
    await page.waitForSelector('body[data-engine="failed"]', {timeout: PATIENCE.cpu});
    assert.deepEqual(await violations(page), []);
  }, {changes: {'/model/manifest.json': 404}});
});

test('Tab reaches all that can be used, in the order in which it is read, and the focus is always seen', {timeout}, async () => {
  await open(async (page) => {
    await page.setInputFiles('#files', [...drawnField('alpha'), ...drawnField('beta')]);
    // What stops a queue goes with the last field.
    await settled(page, 'beta', timeout);
    await settled(page, 'alpha', timeout);
    await page.evaluate(() => {
      const usable = 'a[href], button, input, select, textarea, summary, [tabindex="0"]';
      const isReached = (part) => part.checkVisibility({visibilityProperty: true}) && !part.disabled && part.tabIndex >= 0;
      // Of radio buttons one is a stop, the checked one; arrows reach the others.
      const isOther = (part) => part.type === 'radio' && !part.checked;
      const stops = [...document.querySelectorAll(usable)].filter((part) => isReached(part) && !isOther(part));
      stops.forEach((part, at) => (part.dataset.stop = String(at)));
      // From the page's beginning: a field that was clicked on would be where the browser goes on from.
      document.body.tabIndex = -1;
      document.body.focus();
      document.body.removeAttribute('tabindex');
      window.scrollTo(0, 0);
    });
    const expected = await page.locator('[data-stop]').count();
    assert.ok(expected > 5);
    const reached = [];
    const unseen = [];
    for (let press = 0; press < 2 * expected; press++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => {
        const part = document.activeElement ?? document.body;
        // A hidden input shows its focus on its label.
        const shown = [part, part.nextElementSibling].filter(Boolean).map((it) => getComputedStyle(it));
        const isSeen = shown.some((it) => it.outlineStyle !== 'none' && parseFloat(it.outlineWidth) >= 2);
        return {stop: part.dataset.stop, html: part.outerHTML.slice(0, 120), isSeen};
      });
      if (at.stop === undefined || reached.includes(Number(at.stop))) break;
      reached.push(Number(at.stop));
      if (!at.isSeen) unseen.push(at.html);
    }
    const lost = await page.evaluate(
      (reached) =>
        [...document.querySelectorAll('[data-stop]')]
          .filter((part) => !reached.includes(Number(part.dataset.stop)))
          .map((part) => part.outerHTML.slice(0, 120)),
      reached,
    );
    assert.deepEqual(lost, []);
    assert.deepEqual(reached, [...reached].sort((a, b) => a - b), 'the order of the page');
    assert.deepEqual(unseen, [], 'the focus is seen');
  });
});

test('Escape closes what is open and gives the focus back', {timeout}, async () => {
  await open(async (page) => {
    await page.setInputFiles('#files', drawnField('alpha'));
    await settled(page, 'alpha', timeout);
    await eachDialog(page, async (id) => {
      await page.keyboard.press('Tab');
      const isInside = await page.evaluate((id) => document.getElementById(id).contains(document.activeElement), id);
      assert.ok(isInside, `Tab goes into ${id}`);
    });
  });
});

test('the first stop skips to the fields, and with fields there the stop after it is the first tile', {timeout}, async () => {
  await visit(async (page) => {
    await page.keyboard.press('Tab');
    assert.match(await page.evaluate(() => document.activeElement.textContent), /skip/i);
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    await page.setInputFiles('#files', [...drawnField('alpha'), ...drawnField('beta')]);
    await page.waitForSelector('.field[data-id="beta"]');
    await page.evaluate(() => {
      document.activeElement.blur();
      document.querySelector('.skip').focus();
    });
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.closest('.field')?.dataset.id), 'alpha');
  });
});

test('a finger meets targets of 44 px', {timeout}, async () => {
  await open(async (page) => {
    await page.setInputFiles('#files', [...drawnField('alpha'), ...drawnField('beta')]);
    await settled(page, 'alpha', timeout);
    // Choosing a label brings the switch of its map.
    await page.locator('.bar').first().click();
    await page.locator('#viewer .map').waitFor();
    const small = () => page.locator('button, select, summary, .button, [role="application"]').evaluateAll((targets) => targets
      .filter((target) => target.checkVisibility({visibilityProperty: true}))
      .map((target) => ({height: Math.round(target.getBoundingClientRect().height), html: target.outerHTML.slice(0, 90)}))
      .filter(({height}) => height < 44));
    assert.deepEqual(await small(), []);
    for (const opener of ['#menu-open', '#engine-open', '#export']) {
      await page.click(opener);
      assert.deepEqual(await small(), [], opener);
      await page.keyboard.press('Escape');
    }
  }, {viewport: {width: 390, height: 844}, hasTouch: true});
});

for (const [hasTouch, sizes] of [
  [true, [[360, 640], [390, 844]]],
  [false, [[768, 1024], [1024, 768], [1280, 900], [1920, 1080], [2560, 1440]]],
]) {
  test(`picture, channels and labels are on the first screen of ${hasTouch ? 'a phone' : 'a computer'}`, {timeout}, async (t) => {
    await open(async (page) => {
      // As long as the names of the atlas's challenge.
      const id = '000a9596-bbc4-11e8-b2bc-ac1f6b6435d0';
      await page.setInputFiles('#files', [...drawnField(id), ...drawnField('beta')]);
      await page.waitForSelector('.field[data-id="beta"][data-state="done"]', {state: 'attached', timeout: PATIENCE.cpu});
      await settled(page, id, timeout);
      for (const [width, height] of sizes) {
        await t.test(`at ${width}x${height}`, async (t) => {
          await resize(page, width, height);
          await page.evaluate(() => scrollTo(0, 0));
          const box = async (part) => page.locator(part).first().boundingBox();
          const [stage, label, channels, limits] = [await box('.stage'), await box('.chip, .guess'), await box('.channel-set'), await box('#limits')];
          const at = ({x, y, width}) => `${Math.round(y)} px from above and ${Math.round(x)} px from the left, ${Math.round(width)} px wide`;
          t.diagnostic(`${width}x${height}: the picture is ${at(stage)}; the first label ${at(label)}`);
          assert.ok(label.y + label.height <= height, `the label ends at ${label.y + label.height} px`);
          assert.ok(channels.y + channels.height <= height, `the channels end at ${channels.y + channels.height} px`);
          assert.ok(limits.height < (hasTouch ? 48 : 32), 'limits take one line, of a finger\'s height where fingers are');
          const isBeside = label.x >= stage.x + stage.width;
          assert.equal(isBeside, width > 1000, 'the label stands beside the picture where that is wide enough, else below it');
          if (!isBeside) assert.ok(label.y >= stage.y + stage.height);
          // As large as the screen allows: by its height, or by its width beside a gallery and an answer.
          // Rows of buttons for fingers take more of it.
          const rows = hasTouch ? 380 : 150;
          const most = isBeside ? Math.min(height, width - 560) : Math.min(height - rows, width);
          assert.ok(stage.width > 0.7 * most, `the picture is ${stage.width} px wide of at most ${most}`);
          const {scrollWidth, clientWidth} = await page.evaluate(() => document.documentElement);
          assert.equal(scrollWidth, clientWidth, 'nothing is wider than the screen');
        });
      }
    }, {viewport: {width: sizes[0][0], height: sizes[0][1]}, hasTouch});
  });
}

test('nothing moves where less motion is wished for', {timeout}, async () => {
  await visit(async (page) => {
    await page.emulateMedia({reducedMotion: 'reduce'});
    const moving = () => page.evaluate(() => document.getAnimations().filter((it) => it.playState === 'running').map((it) => it.animationName ?? it.transitionProperty));
    assert.deepEqual(await moving(), []);
    await ready(page);
    await page.setInputFiles('#files', [...drawnField('alpha'), ...drawnField('beta')]);
    await page.waitForSelector('.field[data-state="working"]', {state: 'attached'});
    assert.deepEqual(await moving(), []);
    await letThrough(page);
    await settled(page, 'beta', timeout);
    assert.deepEqual(await moving(), []);
  }, {changes: beforeEngine(HELD)});
});

test('results and refusals are said aloud', {timeout}, async () => {
  await open(async (page) => {
    const said = page.locator('#announcer');
    assert.equal(await said.getAttribute('role'), 'status');
    await page.setInputFiles('#files', drawnField('alpha'));
    const {bars} = await settled(page, 'alpha', timeout);
    assert.equal(bars.length, 28);
    assert.match(await said.textContent(), /alpha/);
    await page.setInputFiles('#files', textNamed('list.png'));
    await page.waitForFunction(() => document.querySelector('#announcer').textContent.includes('list'));
  });
});

test('nothing is wider than a small screen', {timeout}, async () => {
  // The width at which WCAG 1.4.10 asks for reflow.
  await open(async (page) => {
    await page.setInputFiles('#files', [...drawnField('alpha'), ...drawnField('beta')]);
    await settled(page, 'alpha', timeout);
    const {scrollWidth, clientWidth} = await page.evaluate(() => document.documentElement);
    assert.equal(scrollWidth, clientWidth);
  }, {viewport: {width: 320, height: 640}});
});
