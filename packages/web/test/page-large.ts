import { until } from '@parley/testkit';
import { rowOf, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

/** Adds people with no password to a chat. Their ids are `<chat>-<number>`. */
async function crowd(channelId: number, people: number): Promise<void> {
  await stage.trio.people.sql(
    `WITH people AS (INSERT INTO chat.users (id, name, password_hash)
       SELECT $1::int || '-' || lpad(n::text, 5, '0'), 'Person ' || n, '!' FROM generate_series(1, $2::int) n RETURNING id)
     INSERT INTO chat.member (channel_id, user_id, joined_seq) SELECT $1, id, 0 FROM people`,
    [channelId, people],
  );
}

inChromium('what grows large', () => {
  test('the members of a large chat are loaded as one scrolls, and only the visible ones are rendered', async () => {
    const ann = await stage.somebody('Ann');
    const { client, id } = await stage.host({ name: 'crowd', kind: 3, limit: 1_000 });
    await client.members.add(id, await userIdOf(ann));
    await crowd(id, 950);
    await rowOf(ann, 'crowd').click();
    await ann.page.getByRole('button', { name: /members? \(show list\)/ }).click();
    const list = ann.page.getByRole('dialog').locator('.members');
    const rows = list.getByRole('listitem');
    await rows.first().waitFor();
    expect(ann.count('ListMembers')).toBe(1);
    let mostRows = 0;
    const goesOn = async () => {
      mostRows = Math.max(mostRows, await rows.count());
      await list.evaluate((place) => place.scrollTo(0, place.scrollHeight));
      return (await ann.page.getByText(`${id}-00950`, { exact: true }).count()) > 0;
    };
    await until(goesOn);
    expect(mostRows).toBeLessThan(40);
    expect(ann.count('ListMembers')).toBe(10);
    expect(ann.complaints).toEqual([]);
  });
});
