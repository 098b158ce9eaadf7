// What visitors do most, in Firefox.
//
// FIREFOX  the program; where it is not set or empty, these tests are skipped
import {launchFirefox} from './browsers/firefox.mjs';
import {testFlows} from './browsers/flows.mjs';

const {FIREFOX: program} = process.env;
testFlows('Firefox', () => launchFirefox(program), program ? false : 'there is no Firefox');
