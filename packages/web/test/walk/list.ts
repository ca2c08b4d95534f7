import { titled } from '../chat-steps.js';
import { group } from './people.js';
import type { Person } from './person.js';
import type { Act } from './walk.js';

/** Creates a live room, in which the person then is. */
async function makeRoom(person: Person, name: string): Promise<void> {
  await person.toList();
  await person.press(person.button('Create room').first());
  await person.write(person.field('Name'), name);
  await person.press(person.dialog.getByRole('button', { name: 'Create room' }));
  await person.page.getByRole('heading', { level: 2, name }).waitFor();
  await person.visitor.live();
}

export const list: Act = {
  title: 'One list',
  steps: [
    [
      'The list shows the last message and the number of unread ones',
      async ({ ann, bob, cy, dee }) => {
        await ann.open('News');
        await dee.toList();
        await bob.say('Who brings the salad?');
        await cy.open(group);
        await cy.say('I bring plates and cups.');
        await ann.page.getByRole('link', { name: /^Summer picnic \(Group, 2 unread/ }).waitFor();
        await ann.row(group).getByText('I bring plates and cups.').waitFor();
      },
    ],
    [
      'A mention stands out in the list, and the title and the icon count',
      async ({ ann, bob, dee }, { look }) => {
        await bob.type(bob.field('Message'), '@ann');
        await bob.page.getByRole('option', { name: ann.userId }).waitFor();
        await bob.keys('Tab');
        await bob.type(bob.field('Message'), 'can you drive?');
        await bob.keys('Enter');
        await ann.row(group).getByText('@', { exact: true }).waitFor();
        await titled(ann.visitor, /^\(\d\) /);
        await ann.page.locator('link[rel="icon"]#icon-new').waitFor({ state: 'attached' });
        await look(ann, 'list-mention');
        await look(dee, 'phone-list');
      },
    ],
    [
      'A favourite is listed first',
      async ({ ann }) => {
        await ann.open('Board');
        await ann.press(ann.button('Add to favourites'));
        await ann.page.getByRole('heading', { level: 2, name: 'Favourites' }).waitFor();
      },
    ],
    [
      'A chat is muted in its menu',
      async ({ ann }, { look }) => {
        await ann.open('News');
        await ann.press(ann.button('More'));
        await ann.choose(ann.page.getByRole('radio', { name: 'Nothing (muted)' }));
        await ann.page.getByRole('link', { name: /^News \(Public channel, muted/ }).waitFor();
        await look(ann, 'menu');
        await ann.keys('Escape');
      },
    ],
    [
      'A filter shows only unread chats',
      async ({ ann }, { look }) => {
        await ann.choose(ann.page.getByRole('radio', { name: 'Unread' }));
        await ann.row('News').waitFor({ state: 'detached' });
        await ann.row(group).waitFor();
        await look(ann, 'filter');
        await ann.choose(ann.page.getByRole('radio', { name: 'All', exact: true }));
        await ann.row('News').waitFor();
      },
    ],
    [
      'Ctrl+K goes to a chat by its name',
      async ({ ann }, { look }) => {
        await ann.keys('Control+k');
        await ann.visitor.focused(ann.dialog.getByRole('combobox'));
        await ann.page.keyboard.type('summ');
        await ann.dialog.getByRole('option', { name: group }).waitFor();
        await look(ann, 'switcher');
        await ann.keys('Enter');
        await ann.page.getByRole('heading', { level: 2, name: group }).waitFor();
        await ann.message('I bring plates and cups.').waitFor();
        await look(ann, 'mentioned');
      },
    ],
    [
      'Alt and an arrow key go to the next chat and back',
      async ({ ann }) => {
        await ann.keys('Alt+ArrowDown');
        await ann.page.getByRole('heading', { level: 2, name: group }).waitFor({ state: 'detached' });
        await ann.keys('Alt+ArrowUp');
        await ann.page.getByRole('heading', { level: 2, name: group }).waitFor();
      },
    ],
    [
      'A chat is marked as unread',
      async ({ bob }) => {
        await bob.press(bob.button('More'));
        await bob.press(bob.button('Mark as unread'));
        await bob.page.getByRole('link', { name: /^Summer picnic \(Group, marked as unread/ }).waitFor();
        await bob.open(group);
        await bob.page.getByRole('link', { name: /^Summer picnic \(Group\)/ }).waitFor();
      },
    ],
    [
      'Two tabs show two chats at the same time',
      async ({ ann, cy }, walk) => {
        const second = await walk.tab(ann, `${walk.system.url}/#rooms`);
        await second.open('Bob');
        await second.say('Do you have my thermos?');
        await ann.row('Bob').getByText('You: Do you have my thermos?').waitFor();
        await cy.say('Sunday at ten?');
        await ann.message('Sunday at ten?').waitFor();
        await second.page.close();
      },
    ],
    [
      'A live room is created, entered and used',
      async ({ cy, dee }, { look }) => {
        await makeRoom(cy, 'Stage');
        await dee.toList();
        await dee.press(dee.page.getByRole('link', { name: /^Stage/ }));
        await dee.visitor.live();
        await dee.say('Hello from the phone');
        await cy.message('Hello from the phone').waitFor();
        await look(cy, 'room');
        await look(dee, 'phone-room');
      },
    ],
    [
      'The page warns Dee before a second live room ends the first on her phone',
      async ({ bob, dee }, walk) => {
        await makeRoom(bob, 'Balcony');
        const laptop = await walk.again(dee);
        await laptop.press(laptop.page.getByRole('link', { name: /^Balcony/ }));
        await laptop.page.getByRole('heading', { name: 'You are in Stage on another device' }).waitFor();
        await walk.look(laptop, 'room-elsewhere');
        await laptop.press(laptop.button('Enter this room'));
        await laptop.visitor.live();
        await dee.page
          .getByText(/^You are in a room in another tab/)
          .first()
          .waitFor();
        await walk.look(dee, 'phone-room-replaced');
        await laptop.page.context().close();
      },
    ],
  ],
};
