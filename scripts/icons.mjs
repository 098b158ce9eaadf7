// Draws the icons of www/icons/ from www/icon.svg in Chromium: run it by hand after a change of that file.
//
// usage: node icons.mjs      CHROMIUM names the browser
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {chromium} from 'playwright-core';

const www = path.join(path.dirname(fileURLToPath(import.meta.url)), '../www');
const drawing = readFileSync(path.join(www, 'icon.svg'), 'utf8');
// Systems cut a maskable icon to a shape of their own; the drawing is within the inner four fifths, so only
// the ground has to reach the corners.
const maskable = drawing.replace(/ rx="[\d.]+"/, '');
if (maskable === drawing) throw new Error('icon.svg: the ground has no rounded corners to square');

const browser = await chromium.launch({executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox']});
for (const [name, side, svg] of [['icon-192', 192, drawing], ['icon-512', 512, drawing], ['maskable-512', 512, maskable]]) {
  const page = await browser.newPage({viewport: {width: side, height: side}});
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  await page.setContent(`<style>body { margin: 0 } img { display: block }</style><img width="${side}" height="${side}" src="${source}">`);
  await page.locator('img').evaluate((image) => image.decode());
  writeFileSync(path.join(www, 'icons', `${name}.png`), await page.screenshot({omitBackground: true}));
  await page.close();
}
await browser.close();
