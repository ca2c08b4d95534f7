import type { Person } from './person.js';
import type { Act } from './walk.js';

/** The group that most steps use. */
export const group = 'Summer picnic';

async function signUp(person: Person, password = 'correct horse'): Promise<void> {
  await person.press(person.button('Create an account'));
  await person.write(person.field('User ID'), person.userId);
  await person.write(person.page.getByLabel('Display name'), person.name);
  await person.write(person.field('Password'), password);
  await person.press(person.button('Create account'));
}

/** Opens the dialog for a new chat of a kind. */
async function newChat(person: Person, kind: string): Promise<void> {
  await person.press(person.button('New chat'));
  await person.choose(person.page.getByRole('radio', { name: kind, exact: true }));
}

async function create(person: Person, name: string, userIds: readonly string[] = []): Promise<void> {
  await person.write(person.field('Name'), name);
  for (const userId of userIds) await person.pick('People to add (optional)', userId);
  await person.press(person.page.getByRole('button', { name: /^Create (group|channel)$/ }));
  await person.page.getByRole('heading', { level: 2, name }).waitFor();
  await person.visitor.live();
}

export const people: Act = {
  title: 'People and membership',
  steps: [
    [
      'A common password is refused at its field',
      async ({ ann }, { look }) => {
        await look(ann, 'sign-in');
        await signUp(ann, 'password');
        await ann.page.locator('.field').getByText('That password is too common.').waitFor();
        await look(ann, 'password-refused');
        await ann.write(ann.field('Password'), 'correct horse');
        await ann.press(ann.button('Create account'));
        await ann.button('Sign out').waitFor();
      },
    ],
    [
      'Bob, Cy and Dee create accounts',
      async ({ ann, bob, cy, dee }, { look }) => {
        for (const one of [bob, cy]) await signUp(one);
        await dee.page.getByRole('heading', { name: 'Sign in' }).waitFor();
        await look(dee, 'phone-sign-in');
        await signUp(dee);
        for (const one of [bob, cy, dee]) await one.button('Sign out').waitFor();
        await look(ann, 'no-chats');
        await look(dee, 'phone-no-chats');
      },
    ],
    [
      'Ann opens a direct chat with Bob',
      async ({ ann, bob }, { look }) => {
        await newChat(ann, 'Direct message');
        await ann.pick('Person', bob.userId);
        await look(ann, 'new-direct');
        await ann.press(ann.button('Open chat'));
        await ann.page.getByText('Only the two of you can read this').first().waitFor();
        await ann.visitor.live();
        await look(ann, 'direct-empty');
      },
    ],
    [
      'Ann creates a group, and learns who can read it',
      async ({ ann, bob, dee }, { look }) => {
        await newChat(ann, 'Group');
        await ann.dialog.getByText('Only members can read this').waitFor();
        await look(ann, 'new-group');
        await create(ann, 'Picnic', [bob.userId, dee.userId]);
        for (const one of [bob, dee]) await one.row('Picnic').waitFor();
      },
    ],
    [
      'Ann creates a private channel',
      async ({ ann }) => {
        await newChat(ann, 'Private channel');
        await ann.dialog.getByText('admins add people or send invite links').waitFor();
        await create(ann, 'Board');
      },
    ],
    [
      'Ann creates a public channel, and writes in it',
      async ({ ann }) => {
        await newChat(ann, 'Public channel');
        await ann.dialog.getByText('Everyone with an account can join and read this').waitFor();
        await create(ann, 'News');
        await ann.say('Welcome to the news of our team.');
        await ann.message('Welcome to the news of our team.').locator('[title=Sent]').waitFor();
      },
    ],
    [
      'Dee finds the channel on her phone, joins and reads it',
      async ({ dee }, { look }) => {
        await dee.press(dee.button('Find a channel'));
        await dee.press(dee.dialog.getByRole('link', { name: 'News' }));
        await dee.page.getByText('Everyone with an account can join and read this').waitFor();
        await look(dee, 'phone-preview');
        await dee.press(dee.button('Join'));
        await dee.message('Welcome to the news of our team.').waitFor();
        await dee.visitor.live();
        await dee.say('Good to be here!');
        await dee.message('Good to be here!').waitFor();
      },
    ],
    [
      'Ann renames the group, and all see its new name',
      async ({ ann, bob, dee }) => {
        await ann.open('Picnic');
        await ann.press(ann.button('More'));
        await ann.press(ann.button('Rename'));
        await ann.write(ann.field('Name'), group);
        await ann.press(ann.dialog.getByRole('button', { name: 'Rename' }));
        await dee.toList();
        for (const one of [bob, dee]) await one.row(group).waitFor();
      },
    ],
    [
      'Ann makes Bob an admin',
      async ({ ann, bob }, { look }) => {
        await ann.press(ann.button('3 members (show list)'));
        const member = ann.dialog.getByRole('listitem').filter({ hasText: bob.name });
        await look(ann, 'members');
        await ann.press(member.getByRole('button', { name: 'Make admin' }));
        await ann.dialog.getByText('· Admin').waitFor();
        await ann.keys('Escape');
        await bob.open(group);
        await bob.page.getByText('Bob is now an admin').waitFor();
      },
    ],
    [
      'Ann creates an invite link and copies it; Cy opens it, sees the group and joins',
      async ({ ann, cy }, { look }) => {
        await ann.press(ann.button('3 members (show list)'));
        await ann.press(ann.button('Invite links'));
        const links = ann.page.getByRole('dialog', { name: 'Invite links' });
        await links.getByText('There is no invite link.').waitFor();
        await ann.write(links.getByLabel('Maximum number of people (optional)'), '5');
        await ann.press(links.getByRole('button', { name: 'Create link' }));
        await ann.press(links.getByRole('button', { name: 'Copy link' }));
        await links.getByText('Copied').waitFor();
        await look(ann, 'invite-links');
        await cy.page.goto(await ann.page.evaluate(() => navigator.clipboard.readText()));
        await cy.page.getByText('You were invited to this chat.').waitFor();
        await look(cy, 'invitation');
        await cy.press(cy.button('Join'));
        await cy.visitor.live();
        await ann.press(links.getByRole('button', { name: 'Revoke' }));
        await links.getByText(/no longer works|There is no invite link/).waitFor();
        await ann.keys('Escape');
        await ann.keys('Escape');
        await ann.page.getByText('Cy is now a member').waitFor();
        await look(ann, 'group-of-four');
      },
    ],
    [
      'Dee leaves the channel, and Ann sees it',
      async ({ ann, dee }, { look }) => {
        await dee.open('News');
        await dee.press(dee.button('More'));
        await look(dee, 'phone-menu');
        await dee.press(dee.button('Leave'));
        await look(dee, 'phone-leave');
        await dee.press(dee.button('Leave chat'));
        await dee.row('News').waitFor({ state: 'detached' });
        await ann.open('News');
        await ann.page.getByText('Dee left').waitFor();
      },
    ],
  ],
};
