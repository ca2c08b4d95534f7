import { readFileSync } from 'node:fs';
import { isReason } from '@parley/runtime';
import { closeCodeOf, mayReconnect } from './close-codes.js';

const page = readFileSync(new URL('../../../../../docs/websocket.md', import.meta.url), 'utf8');
const rows = [...page.matchAll(/^\| (4\d\d\d) \| (.*?) \| (.*?) \|$/gm)];

test('docs/websocket.md has the close code of each reason, and says when to connect again', () => {
  expect(rows.length).toBeGreaterThan(7);
  for (const [, code, reasons = '', again = ''] of rows) {
    for (const [, reason] of reasons.matchAll(/`([\w-]+)`/g)) {
      if (!isReason(reason)) throw new Error(`${reason} is no reason.`);
      expect([reason, String(closeCodeOf(reason)), mayReconnect(reason)]).toEqual([
        reason,
        code,
        again.startsWith('yes'),
      ]);
    }
  }
});
