import { createChat, openChat, openDirect, rowOf, titled, userIdOf } from './chat-steps.js';
import { inChromium, stage } from './stage.js';

inChromium('chats', () => {
  test('two people talk in a direct chat, with marks, typing, presence and unread counts', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await openDirect(ann, bob);
    await ann.page.getByText('Only the two of you can read this').first().waitFor();
    await ann.say('are you there?');
    await rowOf(bob, 'Ann').getByText('are you there?').waitFor();
    await titled(bob, /^\(1\) Parley$/);
    expect(await bob.page.locator('link[rel="icon"]').getAttribute('id')).toBe('icon-new');
    await ann.page.getByTitle('Delivered to Bob').waitFor();
    await stage.picture(bob, 'chat-unread');
    const [counted, address] = [bob.count('UpdateReceipt'), bob.page.url()];
    await bob.page.goto('about:blank');
    await ann.say('hello?');
    await ann.message('hello?').getByTitle('Sent').waitFor();
    await bob.page.goto(address);
    await ann.message('hello?').getByTitle('Delivered to Bob').waitFor();
    await ann.say('anybody?');
    await rowOf(bob, 'Ann').getByText('anybody?').waitFor();
    expect(bob.count('UpdateReceipt')).toBe(counted); // The receipts at the start of a stream change no count.
    await openChat(bob, 'Ann');
    await bob.message('are you there?').waitFor();
    await ann.page.getByTitle('Read by Bob').waitFor();
    await titled(bob, /^Ann · Parley$/);
    await bob.page.getByLabel('Message', { exact: true }).pressSequentially('ye');
    await ann.page.getByText('Bob is typing').waitFor();
    await bob.say('yes');
    await ann.message('yes').waitFor();
    await ann.page.getByText(/^Online · /).waitFor();
    await stage.picture(ann, 'chat-direct');
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('a group has members with roles; edits, replies, reactions and deletions reach both people', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await createChat(ann, 'Group', 'picnic', [await userIdOf(bob)]);
    await openChat(bob, 'picnic');
    await bob.page.getByText('Only members can read this').first().waitFor();
    await bob.say('frist');
    await ann.message('frist').hover();
    await ann.message('frist').getByRole('button', { name: 'React', exact: true }).click();
    await ann.message('frist').getByRole('button', { name: 'React with 🎉' }).click();
    await bob.message('frist').getByRole('button', { name: '🎉' }).waitFor();
    await ann.message('frist').getByRole('button', { name: 'Reply' }).click();
    await ann.say('first, you mean');
    await bob
      .message('first, you mean')
      .getByRole('button', { name: /^Bob: frist/ })
      .click();
    await bob.page.waitForFunction(() => document.activeElement?.textContent?.includes('frist'));
    await bob.page.getByLabel('Message', { exact: true }).press('ArrowUp');
    await bob.editing();
    await bob.say('first');
    await ann.message('first').waitFor();
    await ann.message('first, you mean').hover();
    await ann.message('first, you mean').getByRole('button', { name: 'Delete', exact: true }).click();
    await ann.page.getByRole('button', { name: 'Delete for everyone' }).click();
    await bob.page.getByText('This message was deleted.').waitFor();
    const deleted = ann.page.locator('.message', { hasText: 'This message was deleted.' });
    await deleted.locator('.delivery').waitFor({ state: 'detached' });
    await ann.page.getByRole('button', { name: 'More' }).click();
    await ann.page.getByRole('button', { name: 'Rename' }).click();
    await ann.page.getByLabel('Name', { exact: true }).fill('lunch');
    await ann.page.getByRole('dialog').getByRole('button', { name: 'Rename' }).click();
    await rowOf(bob, 'lunch').waitFor();
    await ann.page.getByRole('button', { name: '2 members (show list)' }).click();
    await ann.page.getByRole('dialog').getByText('· Owner').waitFor();
    await stage.picture(ann, 'chat-members');
    await ann.page.getByRole('button', { name: 'Make admin' }).click();
    await ann.page.getByRole('dialog').getByText('· Admin').waitFor();
    await bob.page.getByText('Bob is now an admin').waitFor();
    await ann.page.getByRole('button', { name: 'Remove', exact: true }).click();
    await ann.page.getByRole('button', { name: 'Remove?' }).click();
    await ann.page.getByRole('heading', { name: '1 member' }).waitFor();
    await bob.page.getByText('you may have left it or been removed').waitFor();
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('a public channel is found, previewed, joined and left', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await createChat(ann, 'Public channel', 'announcements');
    await ann.say('welcome all');
    await ann.page.getByTitle('Sent').waitFor();
    await bob.page.getByRole('button', { name: 'Find a channel' }).click();
    await bob.page.getByRole('dialog').getByRole('link', { name: 'announcements' }).click();
    await bob.page.getByText('Everyone with an account can join and read this').waitFor();
    await stage.picture(bob, 'chat-join');
    await bob.page.getByRole('main').getByRole('link', { name: 'All chats' }).waitFor();
    await bob.page.getByRole('button', { name: 'Join' }).click();
    await bob.message('welcome all').waitFor();
    await bob.say('hello');
    await ann.message('hello').waitFor();
    await ann.page.getByRole('button', { name: '2 members (show list)' }).waitFor();
    await bob.page.getByRole('button', { name: 'More' }).click();
    await bob.page.getByRole('button', { name: 'Leave', exact: true }).click();
    await bob.page.getByRole('button', { name: 'Leave chat' }).click();
    await rowOf(bob, 'announcements').waitFor({ state: 'detached' });
    await ann.page.getByText('Bob left').waitFor();
    await ann.page.getByRole('button', { name: '1 member (show list)' }).waitFor();
    expect([ann.complaints, bob.complaints]).toEqual([[], []]);
  });

  test('several tabs share one inbox, and each shows a chat of its own', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    const bobId = await userIdOf(bob);
    await createChat(ann, 'Group', 'first group', [bobId]);
    await createChat(ann, 'Group', 'second group', [bobId]);
    await openChat(bob, 'first group');
    await bob.live();
    const second = await stage.tabOf(bob);
    await openChat(second, 'second group');
    await second.live();
    await ann.say('to the second');
    await second.message('to the second').waitFor();
    await openChat(ann, 'first group');
    await ann.say('to the first');
    await bob.message('to the first').waitFor();
    await second.say('from the other tab');
    await rowOf(ann, 'second group').getByText('from the other tab').waitFor();
    await bob.page.close();
    await ann.say('after the leader closed');
    await rowOf(second, 'first group').getByText('after the leader closed').waitFor();
    await second.say('still here');
    await rowOf(ann, 'second group').getByText('still here').waitFor();
    expect([ann.complaints, bob.complaints, second.complaints]).toEqual([[], [], []]);
  });

  test('paints chats and messages from the cache, and later sends messages that were written without a network', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    await createChat(ann, 'Group', 'train', [await userIdOf(bob)]);
    await ann.say('before the tunnel');
    await ann.page.getByTitle(/^(Sent|Delivered)/).waitFor();
    await ann.keeps('before the tunnel', true);
    await ann.keeps('"markedUnread"', true); // The list is stored a moment later.
    await openChat(bob, 'train');
    await bob.message('before the tunnel').waitFor();
    const place = await rowOf(ann, 'train').boundingBox();
    await ann.page.route('**/chat.v1.**', (route) => route.abort());
    await ann.page.routeWebSocket('**/connect', (socket) => socket.close());
    await ann.page.reload();
    await ann.message('before the tunnel').waitFor();
    await ann.page.locator('.inbox-line').waitFor();
    expect(await rowOf(ann, 'train').boundingBox()).toEqual(place); // A click on a row that moves would miss it.
    await ann.say('in the tunnel');
    await ann.message('in the tunnel').getByTitle('Sending').waitFor();
    await ann.keeps('in the tunnel', true);
    await stage.picture(ann, 'chat-offline');
    await ann.page.unrouteAll();
    const again = await stage.tabOf(ann);
    await ann.page.close();
    await bob.message('in the tunnel').waitFor();
    await again.message('in the tunnel').locator('.delivery[title]:not([title="Sending"])').waitFor();
    expect(await bob.texts()).toEqual(['before the tunnel', 'in the tunnel']);
    expect([bob.complaints, again.complaints]).toEqual([[], []]);
  });

  test('the quick switcher opens a chat by its name', async () => {
    const [ann, bob] = [await stage.somebody('Ann'), await stage.somebody('Bob')];
    for (const name of ['alpha team', 'beta team']) await createChat(ann, 'Private channel', name);
    await ann.page.keyboard.press('Control+k');
    await ann.focused(ann.page.getByRole('dialog').getByRole('combobox'));
    await stage.picture(ann, 'switcher');
    await bob.page.keyboard.press('Control+k');
    await bob.focused(bob.page.getByRole('dialog').getByRole('combobox'));
    expect(await bob.page.getByText('Nothing has this name.').count()).toBe(0); // Bob has no chats, and has sought none.
    await ann.page.keyboard.type('alp');
    await ann.page.keyboard.press('Enter');
    await ann.page.getByRole('heading', { level: 2, name: 'alpha team' }).waitFor();
    await ann.page.getByLabel('Message', { exact: true }).press('Alt+ArrowUp');
    await ann.page.getByRole('heading', { level: 2, name: 'beta team' }).waitFor();
    await ann.page.getByLabel('Message', { exact: true }).press('Alt+ArrowDown');
    await ann.page.getByRole('heading', { level: 2, name: 'alpha team' }).waitFor();
    expect(ann.complaints).toEqual([]);
  });

  test('marks show the names of users who have read a message, a dialog shows each member with a time, and a mark as unread stays', async () => {
    const [ann, bob, cy] = [await stage.somebody('Ann'), await stage.somebody('Bob'), await stage.somebody('Cy')];
    await createChat(ann, 'Group', 'readers', [await userIdOf(bob), await userIdOf(cy)]);
    await rowOf(cy, 'readers').waitFor();
    await openChat(bob, 'readers');
    await ann.say('who reads this?');
    await bob.message('who reads this?').waitFor();
    await ann.page.getByTitle('Read by Bob', { exact: true }).waitFor();
    await ann.message('who reads this?').hover();
    await ann.message('who reads this?').getByRole('button', { name: 'Read by', exact: true }).click();
    await ann.page.getByRole('dialog').getByRole('heading', { name: 'Read (1)' }).waitFor();
    await ann.page.getByRole('dialog').getByText('Cy', { exact: true }).waitFor();
    await stage.picture(ann, 'chat-readers');
    await ann.page.keyboard.press('Escape');
    await openChat(cy, 'readers');
    await cy.message('who reads this?').waitFor();
    await cy.page.getByRole('button', { name: 'More' }).click();
    await cy.page.getByRole('button', { name: 'Mark as unread' }).click();
    await ann.page.getByTitle(/^Read by (Bob, Cy|Cy, Bob)$/).waitFor();
    const phone = await stage.otherDevice(cy);
    await phone.page.getByRole('link', { name: /^readers \(Group, marked as unread\)/ }).waitFor(); // The receipt leaves it.
    await openChat(cy, 'readers');
    await phone.page.getByRole('link', { name: /^readers \(Group\)/ }).waitFor();
    expect([ann, bob, cy, phone].flatMap(({ complaints }) => complaints)).toEqual([]);
  });

  test('favourites, notification levels and marks as unread survive a reload, and the level also applies on other devices', async () => {
    const ann = await stage.somebody('Ann');
    for (const name of ['older chat', 'newer chat']) await createChat(ann, 'Group', name);
    await openChat(ann, 'older chat');
    await ann.page.getByRole('button', { name: 'Add to favourites' }).click();
    await ann.page.getByRole('heading', { level: 2, name: 'Favourites' }).waitFor();
    await ann.page.getByRole('button', { name: 'More' }).click();
    await ann.page.getByRole('radio', { name: 'Nothing (muted)' }).click();
    await ann.page.getByRole('link', { name: /^older chat \(Group, muted/ }).waitFor();
    await stage.picture(ann, 'chat-menu');
    await ann.page.getByRole('button', { name: 'Mark as unread' }).click();
    await ann.page.getByRole('link', { name: /^older chat \(Group, marked as unread, muted/ }).waitFor();
    await ann.keeps('"favourites":[]', false);
    await ann.page.reload();
    await ann.page.getByRole('link', { name: /^older chat \(Group, marked as unread, muted/ }).waitFor();
    await ann.page.getByRole('heading', { level: 2, name: 'Favourites' }).waitFor();
    expect((await ann.page.locator('.chat .chat-name bdi').allTextContents())[0]).toBe('older chat');
    await openChat(ann, 'older chat');
    await ann.page.getByRole('link', { name: /^older chat \(Group, muted/ }).waitFor();
    expect(ann.complaints).toEqual([]);
  });

  test('warns that entering a room ends the stay in a live room on another device', async () => {
    const ann = await stage.somebody('Ann');
    await ann.make('first stage');
    const host = await stage.host({ name: 'second stage' });
    const phone = await stage.otherDevice(ann);
    await phone.page.getByRole('link', { name: /^first stage ?: 1 of 10/ }).waitFor();
    await phone.page.getByRole('link', { name: /^second stage/ }).click();
    await phone.page.getByRole('heading', { name: 'You are in first stage on another device' }).waitFor();
    await stage.picture(phone, 'room-elsewhere');
    expect(await ann.link('live').count()).toBe(1);
    await phone.page.getByRole('button', { name: 'Enter this room' }).click();
    await phone.live();
    await ann.page
      .getByText(/^You are in a room in another tab/)
      .first()
      .waitFor();
    expect([host.id > 0, ann.complaints, phone.complaints]).toEqual([true, [], []]);
  });
});
