// The viewer of the selected field: its channels, its range, its zoom and its map, read from its pixels.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {CHANNELS, greyPng, settled} from './fields.mjs';
import {chromiumForTests, PATIENCE} from './harness.mjs';

const timeout = 2 * PATIENCE.cpu;
const STAGE = '#viewer .stage';

const {open} = chromiumForTests();

/** Files of a field in whose every channel `shade(x, y, channel)` says how bright a pixel is. */
const fieldOf = (id, size, shade, channels = CHANNELS) => channels.map((channel) => {
  const buffer = greyPng(size, (x, y) => shade(x, y, channel));
  return {name: `${id}_${channel}.png`, mimeType: 'image/png', buffer};
});

/** A field with a grey block in each quarter, one a channel, and dark elsewhere. */
const quarters = (id, size, level) => fieldOf(id, size, (x, y, channel) => {
  const {width, height = width} = size;
  const at = CHANNELS.indexOf(channel);
  const inside = Math.floor(x / (width / 2)) === at % 2 && Math.floor(y / (height / 2)) === Math.floor(at / 2);
  // Each pixel differs a little, so that no one of them is whiter than a few.
  return inside ? level - ((x + y) % 4) : 0;
});
const MIDDLES = {red: [0.25, 0.25], green: [0.75, 0.25], blue: [0.25, 0.75], yellow: [0.75, 0.75]};

/** Brings these files and waits for the picture of the field. */
async function show(page, id, files) {
  // What few change is folded.
  await page.locator('.instruments details').evaluateAll((parts) => parts.forEach((part) => (part.open = part.matches('.light'))));
  await page.setInputFiles('#files', files);
  await page.waitForSelector(`#detail[data-id="${id}"]`, {timeout: PATIENCE.cpu});
  await page.waitForSelector('#viewer[data-state="shown"]', {timeout: PATIENCE.cpu});
  await page.waitForFunction(() => /: .*%/.test(document.querySelector('#viewer .stage canvas').ariaLabel));
}

/** Lets the viewer draw what was asked of it. */
const drawn = (page) => page.evaluate(async () => {
  const canvas = document.querySelector('#viewer .stage canvas');
  let last = [];
  for (;;) {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    const pixels = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    if (pixels.length === last.length && pixels.every((pixel, at) => pixel === last[at])) return;
    last = pixels;
  }
});

/** The red, green and blue of the stage at points, in shares of its width and height. */
async function pixels(page, points) {
  await drawn(page);
  return page.evaluate((points) => {
    const canvas = document.querySelector('#viewer .stage canvas');
    const context = canvas.getContext('2d');
    const at = (share, length) => Math.min(length - 1, Math.floor(share * length));
    return points.map(([x, y]) => [...context.getImageData(at(x, canvas.width), at(y, canvas.height), 1, 1).data.slice(0, 3)]);
  }, points);
}

const pixel = async (page, point) => (await pixels(page, [point]))[0];

const percent = async (page) => parseFloat((await page.textContent('#viewer .percent')).replace(',', ''));
const control = (page, deed, channel) => {
  if (!channel) return page.locator(`#viewer [data-do="${deed}"]`);
  // A toggle names its channel itself; what few change stands in a row of the channel.
  const selector = deed === 'toggle' ? `[data-do="toggle"][data-channel="${channel}"]` : `.row[data-channel="${channel}"] [data-do="${deed}"]`;
  return page.locator(`#viewer ${selector}`);
};
const pressed = (locator) => locator.getAttribute('aria-pressed');
const setRange = (locator, value) => locator.evaluate((input, value) => {
  input.value = value;
  input.dispatchEvent(new Event('input', {bubbles: true}));
}, value);
const wait = (page, expected) => page.waitForFunction((expected) => document.querySelector('#viewer .percent').textContent === expected, expected);

test('channels have their colours, and hide and show', {timeout}, async () => {
  await open(async (page) => {
    await show(page, 'quarters', quarters('quarters', {width: 256}, 200));
    assert.match(await page.textContent('#viewer .size'), /256 × 256 px, 8 bit/);
    const bright = {red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255], yellow: [128, 128, 0]};
    for (const channel of CHANNELS) {
      const seen = await pixel(page, MIDDLES[channel]);
      seen.forEach((light, part) => assert.ok(Math.abs(light - bright[channel][part]) < 12, `${channel}: ${seen}`));
      assert.equal(await pressed(control(page, 'toggle', channel)), 'true');
    }
    assert.equal(await pressed(control(page, 'composite')), 'true');

    await control(page, 'toggle', 'green').click();
    assert.equal(await pressed(control(page, 'toggle', 'green')), 'false');
    assert.equal(await pressed(control(page, 'composite')), 'false');
    assert.deepEqual(await pixel(page, MIDDLES.green), [0, 0, 0]);
    assert.ok((await pixel(page, MIDDLES.red))[0] > 240, 'the others stay');
    assert.match(await page.getAttribute(`${STAGE} canvas`, 'aria-label'), /quarters: red, blue and yellow/);

    await control(page, 'solo', 'yellow').click();
    const alone = await pixel(page, MIDDLES.yellow);
    assert.ok(alone[0] > 240 && alone[1] > 240 && alone[2] === 0, `alone, yellow is at full strength: ${alone}`);
    assert.deepEqual(await pixel(page, MIDDLES.red), [0, 0, 0]);
    await control(page, 'grey').check();
    const grey = await pixel(page, MIDDLES.yellow);
    assert.ok(grey[2] > 240 && grey[0] === grey[2], `grey: ${grey}`);

    // A click with Alt is a solo too, and the same again brings all back.
    await control(page, 'toggle', 'red').click({modifiers: ['Alt']});
    assert.match(await page.getAttribute(`${STAGE} canvas`, 'aria-label'), /quarters: /);
    assert.deepEqual(await pixel(page, MIDDLES.yellow), [0, 0, 0]);
    await control(page, 'composite').click();
    for (const channel of CHANNELS) assert.equal(await pressed(control(page, 'toggle', channel)), 'true');
    assert.ok((await pixel(page, MIDDLES.yellow))[2] === 0, 'together they are never grey');
  });
});

test('brightness brightens and darkens one channel, and goes back', {timeout}, async () => {
  await open(async (page) => {
    // A few bright pixels are white; the block that is looked at is at half of it.
    const shade = (x, y) => (y < 40 ? 250 : 125);
    // Without yellow, which is red and green.
    await show(page, 'half', fieldOf('half', {width: 128}, shade, ['red', 'green', 'blue']));
    const middle = [0.5, 0.7];
    const [red, green] = await pixel(page, middle);
    assert.ok(green > 100 && green < 150, `half as bright as white: ${green}`);
    await setRange(control(page, 'brightness', 'green'), 0.6);
    const [sameRed, brighter] = await pixel(page, middle);
    assert.ok(Math.abs(brighter - green * 2 ** 0.6) < 4, `${green} becomes ${brighter}`);
    assert.equal(sameRed, red, 'red has its own brightness');
    await setRange(control(page, 'brightness', 'green'), -2);
    assert.ok(Math.abs((await pixel(page, middle))[1] - green / 4) < 3);
    assert.match(await control(page, 'brightness', 'green').getAttribute('aria-valuetext'), /0\.25/);
    await control(page, 'reset').click();
    assert.equal((await pixel(page, middle))[1], green);
  });
});

test('the range as recorded shows twelve bits in sixteen as dark as they are', {timeout}, async () => {
  await open(async (page) => {
    await show(page, 'twelve', quarters('twelve', {width: 192, bits: 16}, 3900));
    const white = await page.textContent('#viewer .row[data-channel="green"] .white');
    // The engine shows no level under a sixteenth of all as white.
    assert.match(white, /^0 to 4,09\d of 65,535$/);
    const [, auto] = await pixel(page, MIDDLES.green);
    assert.ok(auto > 220, `auto: ${auto}`);
    await control(page, 'recorded').check();
    const [, recorded] = await pixel(page, MIDDLES.green);
    assert.ok(Math.abs(recorded - 3900 / 257) <= 1, `as recorded: ${recorded}`);
    assert.equal(await page.textContent('#viewer .row[data-channel="green"] .white'), '0 to 65,535 of 65,535');
    assert.match(await page.innerText('#viewer .range'), /never what the model gets/);
  });
});

test('keys, buttons, wheel and pointer zoom and move the picture within its limits', {timeout}, async () => {
  await open(async (page) => {
    await show(page, 'quarters', quarters('quarters', {width: 256}, 200));
    await drawn(page);
    const fit = await percent(page);
    const stage = page.locator(STAGE);
    await stage.scrollIntoViewIfNeeded();
    const box = await stage.boundingBox();
    const toMiddle = () => page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);

    // A wheel that passes by scrolls the page.
    await toMiddle();
    const top = await page.evaluate(() => scrollY);
    await page.mouse.wheel(0, 60);
    await page.waitForFunction((top) => scrollY !== top, top);
    assert.equal(await percent(page), fit);
    await page.evaluate((top) => scrollTo(0, top), top);

    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -40);
    await page.keyboard.up('Control');
    await drawn(page);
    assert.ok((await percent(page)) > fit, 'with Ctrl it zooms');

    await stage.focus();
    await page.keyboard.press('0');
    await drawn(page);
    assert.equal(await percent(page), fit);
    await page.mouse.wheel(0, -200);
    await drawn(page);
    assert.ok((await percent(page)) > fit, 'with the focus it zooms');
    await control(page, 'fit').click();
    await stage.focus();
    await page.keyboard.press('+');
    await drawn(page);
    assert.ok(Math.abs((await percent(page)) / fit - 1.5) < 0.02);
    assert.match(await page.textContent('#viewer .said'), /quarters: red, green, blue and yellow, at \d+%/);
    await page.keyboard.press('-');
    await drawn(page);
    assert.equal(await percent(page), fit);
    await control(page, 'actual').click();
    await wait(page, '100%');

    // The smallest and the largest scale.
    for (let press = 0; press < 20; press++) await control(page, 'in').click();
    await drawn(page);
    assert.equal(await percent(page), 3200);
    for (let press = 0; press < 20; press++) await control(page, 'out').click();
    await drawn(page);
    assert.equal(await percent(page), Math.min(100, fit));

    // Zoomed in, all of the stage is picture wherever it is pushed. The red quarter is at the top left.
    await control(page, 'fit').click();
    await stage.dblclick({position: {x: box.width / 2, y: box.height / 2}});
    await drawn(page);
    assert.ok(Math.abs((await percent(page)) / fit - 2) < 0.02);
    await toMiddle();
    await page.mouse.down();
    await page.mouse.move(box.x + 3 * box.width, box.y + 3 * box.height, {steps: 4});
    await page.mouse.up();
    const reddish = async (at) => (await pixel(page, at))[0] > 150;
    assert.ok((await reddish([0.02, 0.02])) && (await reddish([0.97, 0.97])), 'dragged to the top left');
    await stage.focus();
    for (let press = 0; press < 30; press++) await page.keyboard.press('ArrowRight');
    const [red, green] = await pixel(page, [0.97, 0.02]);
    assert.ok(green > 150 && red < 50, 'moved to the top right by arrows');
    await page.keyboard.press('2');
    assert.deepEqual(await pixel(page, [0.97, 0.02]), [0, 0, 0]);
    await page.keyboard.press('Alt+2');
    assert.equal(await pressed(control(page, 'solo', 'green')), 'true');
    await page.keyboard.press('?');
    assert.ok(await page.locator('#viewer .keys dl').isVisible());

    await page.keyboard.press('f');
    await page.waitForFunction(() => document.fullscreenElement?.id === 'viewer');
    await page.waitForSelector('#viewer [data-do="full"][aria-pressed="true"]');
    await control(page, 'full').click();
    await page.waitForSelector('#viewer [data-do="full"][aria-pressed="false"]');
  });
});

test('two fingers zoom, and one scrolls the page while the whole picture is shown', {timeout}, async () => {
  await open(async (page) => {
    await show(page, 'quarters', quarters('quarters', {width: 256}, 200));
    await drawn(page);
    const fit = await percent(page);
    const stage = page.locator(STAGE);
    const action = () => stage.evaluate((stage) => getComputedStyle(stage).touchAction);
    assert.match(await action(), /pan-y/);
    await stage.scrollIntoViewIfNeeded();
    const {x, y, width, height} = await stage.boundingBox();
    const [middle, centre] = [x + width / 2, y + height / 2];
    const session = await page.context().newCDPSession(page);
    const touch = (type, ...points) => session.send('Input.dispatchTouchEvent', {type, touchPoints: points.map(([x, y], id) => ({x, y, id}))});
    await touch('touchStart', [middle - 30, centre]);
    await touch('touchStart', [middle - 30, centre], [middle + 30, centre]);
    for (const apart of [40, 50, 60]) await touch('touchMove', [middle - apart, centre], [middle + apart, centre]);
    await touch('touchEnd');
    await drawn(page);
    assert.ok(Math.abs((await percent(page)) / fit - 2) < 0.1, `pinched to ${await percent(page)} from ${fit}`);
    assert.equal(await action(), 'none', 'zoomed in, a finger moves the picture');
  }, {viewport: {width: 390, height: 844}});
});

test('the evidence for a label lies over the square that the network sees', {timeout}, async () => {
  await open(async (page) => {
    const shade = (x, y) => 60 + ((x * 5 + y * 3) % 7) * 9;
    await show(page, 'wide', fieldOf('wide', {width: 288, height: 192}, shade));
    await settled(page, 'wide');
    const outside = [[0.02, 0.5], [0.98, 0.5]];
    const inside = [...Array(81).keys()].map((at) => [0.2 + 0.6 * (at % 9) / 8, 0.2 + 0.6 * Math.floor(at / 9) / 8]);
    const look = (points) => pixels(page, points);
    const [plainOutside, plainInside] = [await look(outside), await look(inside)];
    assert.ok(!(await page.locator('#viewer .map').isVisible()));

    // Which label has evidence depends on the weights.
    const bars = page.locator('#answer button.bar');
    const title = page.locator('#viewer .map .title');
    for (let bar = 0; ; bar++) {
      assert.ok(bar < (await bars.count()), 'some label has evidence');
      await bars.nth(bar).click();
      await title.waitFor();
      if (/^Evidence for /.test(await title.textContent())) break;
      assert.match(await title.textContent(), /^No evidence for .+ in this field$/);
      await bars.nth(bar).click();
    }
    assert.match(await page.textContent('#viewer .strength'), /adds \d+\.\d to the log-odds of the label/);
    assert.match(await page.getAttribute(`${STAGE} canvas`, 'aria-label'), /with the evidence for/);
    const [mappedOutside, mappedInside] = [await look(outside), await look(inside)];
    const brighter = (after, before) => after.some((light, part) => light > before[part] + 2);
    assert.ok(mappedInside.some((after, at) => brighter(after, plainInside[at])), 'the map is seen');
    mappedOutside.forEach((after, at) => {
      assert.ok(!brighter(after, plainOutside[at]), 'no map outside');
      assert.ok(after[1] < plainOutside[at][1], 'what the network does not see is darker');
    });

    const change = (points) => points.flat().reduce((sum, light, at) => sum + Math.abs(light - plainInside.flat()[at]), 0);
    await setRange(control(page, 'opacity'), 0.1);
    assert.ok(change(await look(inside)) < change(mappedInside), 'a fainter map changes less');
    await control(page, 'map').click();
    assert.equal(await pressed(control(page, 'map')), 'false');
    assert.deepEqual([await look(outside), await look(inside)], [plainOutside, plainInside]);
    await page.locator(STAGE).focus();
    await page.keyboard.press('m');
    assert.equal(await pressed(control(page, 'map')), 'true');
  });
});

let chequers;
/** A chequered field of 2048 px: at fit it is even, and close up each pixel is itself. */
const chequered = () => (chequers ??= fieldOf('large', {width: 2048, bits: 16}, (x, y) => 30000 + 30000 * ((x + y) % 2), ['green']));

test('fields of 2048 px are shown pixel by pixel', {timeout}, async () => {
  await open(async (page) => {
    await show(page, 'large', chequered());
    assert.match(await page.textContent('#viewer .size'), /2048 × 2048 px, 16 bit/);
    assert.ok(!(await control(page, 'toggle', 'red').isVisible()), 'the field has no red');
    const [, even] = await pixel(page, [0.4, 0.4]);
    assert.ok(Math.abs(even - 191) < 6, `half of white and white: ${even}`);
    await setRange(control(page, 'brightness', 'green'), -1);
    assert.ok(Math.abs((await pixel(page, [0.4, 0.4]))[1] - 96) < 4);
    await control(page, 'reset').click();
    for (let press = 0; press < 20; press++) await control(page, 'in').click();
    await drawn(page);
    const levels = await page.evaluate(() => {
      const canvas = document.querySelector('#viewer .stage canvas');
      const {data} = canvas.getContext('2d').getImageData(0, Math.floor(canvas.height / 2), canvas.width, 1);
      return [...new Set([...data].filter((_, at) => at % 4 === 1))].sort((a, b) => a - b);
    });
    assert.deepEqual(levels, [128, 255], 'no level between those that were recorded');
  });
});

test('a machine that is slow paints a large field over many frames, and shows the picture before until it is whole', {timeout}, async () => {
  await open(async (page) => {
    await show(page, 'large', chequered());
    await control(page, 'actual').click();
    await drawn(page);
    await page.evaluate(() => {
      // By this clock every look at it comes 20 ms after the last: no frame has time for more than one strip.
      let clock = performance.now();
      performance.now = () => (clock += 20);
      const stage = document.querySelector('#viewer .stage canvas');
      const level = () => stage.getContext('2d').getImageData(stage.width / 2, stage.height / 2, 1, 1).data[1];
      const {requestAnimationFrame} = window;
      let frame;
      window.requestAnimationFrame = (callback) => requestAnimationFrame((time) => {
        frame = time;
        callback(time);
      });
      window.strips = [];
      const {putImageData} = CanvasRenderingContext2D.prototype;
      CanvasRenderingContext2D.prototype.putImageData = function (strip, ...place) {
        window.strips.push({frame, rows: strip.height, samples: strip.width * strip.height, shown: level()});
        putImageData.call(this, strip, ...place);
      };
    });
    const before = (await pixel(page, [0.5, 0.5]))[1];
    await setRange(control(page, 'brightness', 'green'), -1);
    await page.waitForFunction(() => window.strips.reduce((sum, {rows}) => sum + rows, 0) === 2048);
    const strips = await page.evaluate(() => window.strips);
    assert.equal(new Set(strips.map(({frame}) => frame)).size, strips.length, 'one strip a frame');
    assert.ok(Math.max(...strips.map(({samples}) => samples)) <= 2 ** 16, 'and none is large');
    assert.deepEqual([...new Set(strips.map(({shown}) => shown))], [before], 'the picture before stays');
    await page.waitForFunction((before) => {
      const stage = document.querySelector('#viewer .stage canvas');
      return Math.abs(stage.getContext('2d').getImageData(stage.width / 2, stage.height / 2, 1, 1).data[1] - before / 2) < 2;
    }, before);
  });
});
