import type { BrowserContextOptions } from 'playwright-core';
import { objections } from './access-steps.js';
import type { Visitor } from './browser.js';
import { inChromium, stage } from './stage.js';

/** Signs in to the admin page. */
async function enter({ page }: Visitor, userId: string): Promise<void> {
  await page.getByLabel('User ID').fill(userId);
  await page.getByLabel('Password', { exact: true }).fill('correct horse');
  await page.keyboard.press('Enter');
}

/** Opens the admin page as a new operator. */
async function operator(options: BrowserContextOptions = {}) {
  const id = await stage.operatorAccount();
  const visitor = await stage.administration(options);
  await enter(visitor, id);
  await visitor.page.getByRole('navigation').waitFor();
  return { visitor, page: visitor.page, id };
}

/** Opens a section by its tab. */
async function section({ page }: Visitor, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name }).click();
}

/** Finds rows by the search field of the section, and opens the one of that name. */
async function open({ page }: Visitor, text: string, name = text): Promise<void> {
  await page.getByRole('searchbox').fill(text);
  await page.keyboard.press('Enter');
  await page.getByRole('rowheader').getByRole('button', { name, exact: true }).click();
  await page.getByRole('dialog').waitFor();
}

/** Starts an action of the open dialog, and confirms it. */
async function act({ page }: Visitor, name: string): Promise<void> {
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name, exact: true }).click();
  await dialog.locator('form').getByRole('button', { name, exact: true }).click();
}

/** Returns whether the page scrolls sideways, and not only its tables. Runs in the page. */
function scrollsSideways(): boolean {
  return document.documentElement.scrollWidth > innerWidth;
}

inChromium('the admin page', () => {
  test('only operators get in, and a session of any other account ends', async () => {
    const ann = await stage.account('Ann');
    const visitor = await stage.administration();
    const { page } = visitor;
    await enter(visitor, ann);
    await page.getByRole('alert').getByText('not an operator').waitFor();
    expect(await page.getByRole('navigation').count()).toBe(0);
    const [row] = await stage.trio.people.sql(
      `SELECT count(*)::int AS open FROM chat.session s JOIN chat.users u ON u.id = s.user_id
        WHERE u.id = $1 AND s.revoked_at IS NULL`,
      [ann],
    );
    expect(row?.open).toBe(0);
  });

  test.each(['light', 'dark'] as const)(
    'axe-core finds nothing, and everything fits from 320 to 1920 px, %s',
    async (scheme) => {
      const { visitor, page, id } = await operator({ colorScheme: scheme });
      const look = async (what: string) => {
        for (const width of [320, 768, 1_920]) {
          await page.setViewportSize({ width, height: 800 });
          await stage.picture(visitor, `admin-${what}-${scheme}-${width}`);
          expect([what, width, await page.evaluate(scrollsSideways)]).toEqual([what, width, false]);
        }
        expect([what, await objections(visitor)]).toEqual([what, []]);
      };
      await page.getByRole('rowheader').first().waitFor();
      await look('servers');
      for (const name of ['Channels', 'Reports', 'Holds', 'Audit']) {
        await section(visitor, name);
        await page.getByText('Loading…').waitFor({ state: 'hidden' });
        await look(name);
      }
      await section(visitor, 'People');
      await open(visitor, id);
      await page.getByRole('button', { name: 'Delete account' }).click();
      await look('person');
    },
  );

  test('a chat server is drained after a confirmation, and the list shows it by itself', async () => {
    const { grpc } = await stage.trio.addChatServer({ PARLEY_NAME: 'chat-spare' });
    const { visitor, page } = await operator();
    const row = page.getByRole('row', { name: grpc });
    await row.getByRole('button').press('Enter');
    await act(visitor, 'Drain');
    await page.getByText('To undo the drain, restart the process').waitFor();
    await page.keyboard.press('Escape');
    await row.getByText('draining').waitFor();
    await section(visitor, 'Audit');
    await page.getByRole('row').filter({ hasText: 'server.drain' }).first().waitFor();
  });

  test('an operator suspends, activates, gives a password, disconnects and deletes', async () => {
    const ann = await stage.account('Annabel');
    const { visitor, page } = await operator();
    await section(visitor, 'People');
    await open(visitor, ann);
    const dialog = page.getByRole('dialog');
    await act(visitor, 'Suspend');
    await dialog.getByText('suspended').waitFor();
    await act(visitor, 'Activate');
    await dialog.getByText('active', { exact: true }).waitFor();
    await act(visitor, 'One-time password');
    await dialog.getByText(/One-time password: \S{8,}/).waitFor();
    await act(visitor, 'Disconnect');
    await dialog.getByText('Disconnected.').waitFor();
    await dialog.getByRole('button', { name: 'Delete account' }).click();
    const confirm = dialog.locator('form').getByRole('button', { name: 'Delete account' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel(`Type ${ann} to confirm`).fill(ann);
    await confirm.click();
    await dialog.getByText('deleted', { exact: true }).waitFor();
  });

  test('an operator sets a legal hold on a person, sees it in the list, and releases it', async () => {
    const ann = await stage.account('Annika');
    const { visitor, page, id } = await operator();
    await section(visitor, 'People');
    await open(visitor, ann);
    const dialog = page.getByRole('dialog');
    const hold = async () => {
      await dialog.getByRole('button', { name: 'Legal hold' }).click();
      await dialog.getByLabel('Reason').fill('case 12');
      await dialog.locator('form').getByRole('button', { name: 'Legal hold' }).click();
    };
    await hold();
    await dialog.getByText(/^Hold \d+ stands\.$/).waitFor();
    await hold();
    await dialog.getByRole('alert').getByText('already').waitFor();
    await page.keyboard.press('Escape');
    await section(visitor, 'Holds');
    const row = page.getByRole('row').filter({ hasText: ann });
    await row.filter({ hasText: 'case 12' }).filter({ hasText: id }).getByRole('button').click();
    await act(visitor, 'Release');
    await page.getByText(/^Hold \d+ is released\.$/).waitFor();
    expect(await row.count()).toBe(0);
    const held = 'SELECT count(*)::int AS holds FROM chat.hold WHERE user_id = $1 AND released_at IS NULL';
    expect(await stage.trio.people.sql(held, [ann])).toEqual([{ holds: 0 }]);
  });

  test('a refused action says why at its place', async () => {
    const { visitor, page, id } = await operator();
    const sql = "UPDATE chat.users SET status = 'suspended' WHERE role = 'admin' AND id <> $1";
    await stage.trio.people.sql(sql, [id]);
    await section(visitor, 'People');
    await open(visitor, id);
    await act(visitor, 'Make user');
    const action = page.getByRole('dialog').locator('.confirmed').filter({ hasText: 'Make user' });
    await action.getByRole('alert').getByText('last').waitFor();
  });

  test('texts of others stay text: names, channels and reports', async () => {
    const name = '<img src=x onerror=alert(1)>\u202egnp.';
    const ann = await stage.account('Mallory');
    await stage.trio.people.sql('UPDATE chat.users SET name = $2 WHERE id = $1', [ann, name]);
    const { id } = await stage.host({ name: `<b>${ann}</b>` });
    await stage.trio.people.sql(
      `INSERT INTO chat.abuse_report (by_id, user_id, channel_id, seq, reason) VALUES ($1, $1, 0, 0, '<script>alert(2)</script>')`,
      [ann],
    );
    const { visitor, page } = await operator();
    await section(visitor, 'People');
    await open(visitor, ann);
    await page.getByRole('dialog').getByText('<img src=x onerror=alert(1)>').waitFor();
    await page.getByRole('dialog').getByText('U+202E').waitFor();
    await page.keyboard.press('Escape');
    await section(visitor, 'Reports');
    await page.getByRole('row').filter({ hasText: '<script>alert(2)' }).getByRole('button').click();
    await page.getByRole('dialog').getByRole('button', { name: 'Mark as resolved' }).click();
    await page.getByRole('dialog').getByText('resolved', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await section(visitor, 'Channels');
    await open(visitor, `<b>${ann}`, `<b>${ann}</b>`);
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Delete channel' }).click();
    await dialog.getByLabel(`Type ${id} to confirm`).fill(`${id}`);
    await dialog.locator('form').getByRole('button', { name: 'Delete channel' }).click();
    await page.getByText('The channel is deleted.').waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  test('when the session ends on the server, the page signs out and says so, in the language of the browser', async () => {
    const id = await stage.operatorAccount();
    const visitor = await stage.administration({ locale: 'de-DE' });
    const { page } = visitor;
    await page.getByLabel('Benutzer-ID').fill(id);
    await page.getByLabel('Passwort', { exact: true }).fill('correct horse');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Chat-Server' }).waitFor();
    expect(page.url()).toBe(`${stage.adminUrl}`);
    const ended =
      'UPDATE chat.session SET revoked_at = now() FROM chat.users WHERE users.id = $1 AND user_id = users.id';
    await stage.trio.people.sql(ended, [id]);
    await page.getByRole('status').getByText('Deine Sitzung ist beendet').waitFor();
    expect(await visitor.stored()).not.toContain('token');
  });
});
