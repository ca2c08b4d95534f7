import type { Visitor } from './browser.js';

/** Returns the user id of a visitor. */
export const userIdOf = async ({ page }: Visitor) => (await page.locator('.side-foot p > span').textContent()) ?? '';
const nameOf = async ({ page }: Visitor) => (await page.locator('.side-foot strong').textContent()) ?? '';
/** Returns the row of a chat in the list. */
export const rowOf = ({ page }: Visitor, name: string | RegExp) => page.locator('a.chat', { hasText: name });
/** Opens a chat from the list. Until it is open, the composer of another chat may still take what is typed. */
export const openChat = (visitor: Visitor, name: string) => visitor.open(rowOf(visitor, name), name);
/** Waits for a title of the window. */
export const titled = ({ page }: Visitor, title: string | RegExp) =>
  page.waitForFunction(
    (source) => new RegExp(source).test(document.title),
    typeof title === 'string' ? title : title.source,
  );

/** Opens the dialog for a new chat of a kind. */
async function newChat({ page }: Visitor, kind: string): Promise<void> {
  await page.getByRole('button', { name: 'New chat' }).click();
  await page.getByRole('radio', { name: kind, exact: true }).check();
}

async function pick({ page }: Visitor, label: string, userId: string): Promise<void> {
  await page.getByLabel(label).fill(userId);
  await page.getByRole('option', { name: userId }).click();
}

/** Opens the direct chat of two visitors. */
export async function openDirect(visitor: Visitor, other: Visitor): Promise<void> {
  await newChat(visitor, 'Direct message');
  await pick(visitor, 'Person', await userIdOf(other));
  await visitor.page.getByRole('button', { name: 'Open chat' }).click();
  await visitor.headingOf(await nameOf(other)).waitFor();
  await visitor.live();
}

/** Creates a group or channel, in which the visitor then is. */
export async function createChat(
  visitor: Visitor,
  kind: string,
  name: string,
  userIds: readonly string[] = [],
): Promise<void> {
  await newChat(visitor, kind);
  await visitor.page.getByLabel('Name', { exact: true }).fill(name);
  for (const userId of userIds) await pick(visitor, 'People to add (optional)', userId);
  await visitor.page.getByRole('button', { name: /^Create (group|channel)$/ }).click();
  await visitor.headingOf(name).waitFor();
  await visitor.live();
}

/** Opens a part of the settings. */
export async function openSettings({ page }: Visitor, part: string): Promise<void> {
  if ((await page.locator('dialog.settings').count()) === 0)
    await page.getByRole('button', { name: 'Settings and profile' }).click();
  await page.locator('dialog.settings').getByRole('button', { name: part, exact: true }).click();
}
