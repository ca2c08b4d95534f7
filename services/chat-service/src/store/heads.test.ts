import type { Queryable } from '@parley/database';
import { HeadStore } from './heads.js';

test('many questions about the same channels share statements', async () => {
  const asked: unknown[] = [];
  const query = async ({ values }: { values: unknown[] }) => {
    asked.push(values[0]);
    return { rows: [] };
  };
  const heads = new HeadStore({ query } as unknown as Queryable, 'server', Buffer.alloc(0));
  const ids = Array.from({ length: 1_000 }, (_, n) => n % 20);
  expect(await Promise.all(ids.map((id) => heads.ownedHead(id)))).toEqual(ids.map(() => undefined));
  const twenty = Array.from({ length: 20 }, (_, n) => n);
  expect(asked).toEqual([twenty, twenty]);
});
