// What visitors do most, in WebKit.
//
// WEBKIT_DRIVER, WEBKIT_BROWSER  WebKitGTK's WebDriver and its MiniBrowser; where they are not set or empty, these tests are skipped
import {launchWebKit} from './browsers/webkit.mjs';
import {testFlows} from './browsers/flows.mjs';

const {WEBKIT_DRIVER: driver, WEBKIT_BROWSER: browser} = process.env;
testFlows('WebKit', () => launchWebKit({driver, browser}), driver && browser ? false : 'there is no WebKitGTK with its driver');
