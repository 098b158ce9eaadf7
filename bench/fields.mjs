// Fields on disk for measurements: a few drawn pictures under as many names as are asked for.
import {linkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {CHANNELS, drawnField} from '../tests/e2e/fields.mjs';

/** Fields of `side` px in `folder`; `files(id)` gives the paths of one field's four files. */
export function givenFields(folder, side) {
  const drawn = drawnField('drawn', {side}).map(({name, buffer}) => {
    const file = path.join(folder, name);
    writeFileSync(file, buffer);
    return file;
  });
  return {
    files(id) {
      return CHANNELS.map((channel, index) => {
        const file = path.join(folder, `${id}_${channel}.png`);
        try {
          linkSync(drawn[index], file);
        } catch (error) {
          if (error.code !== 'EEXIST') throw error;
        }
        return file;
      });
    },
  };
}
