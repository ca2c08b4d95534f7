import type { Page } from 'playwright-core';
import { group } from './people.js';
import type { Act } from './walk.js';

/** Returns a PNG of 600 by 400 pixels: a sun above a meadow. */
async function painted(page: Page): Promise<Buffer> {
  const address = await page.evaluate(() => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 600, height: 400 });
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const fill = (colour: string, ...[x, y, width, height]: [number, number, number, number]) => {
      context.fillStyle = colour;
      context.fillRect(x, y, width, height);
    };
    fill('skyblue', 0, 0, 600, 400);
    fill('gold', 420, 50, 90, 90);
    fill('seagreen', 0, 260, 600, 140);
    return canvas.toDataURL('image/png');
  });
  return Buffer.from(address.slice(address.indexOf(',') + 1), 'base64');
}

const steps: Act['steps'] = [
  [
    'Marks say sent, delivered and read, with names',
    async ({ ann, bob, cy }, { look }) => {
      for (const one of [ann, bob, cy]) await one.open(group);
      await ann.say('Who has read this?');
      await ann.page.getByTitle(/^Read by (Bob, Cy|Cy, Bob)$/).waitFor();
      await ann.act('Who has read this?', 'Read by');
      await ann.dialog.getByRole('heading', { name: 'Read (2)' }).waitFor();
      await look(ann, 'readers');
      await ann.keys('Escape');
    },
  ],
  [
    'A direct chat shows who is online, and who types',
    async ({ ann, bob }, { look }) => {
      await ann.open('Bob');
      await bob.open('Ann');
      await bob.type(bob.field('Message'), 'ye');
      await ann.page.getByText('Bob is typing').waitFor();
      await ann.page.getByText(/^Online · /).waitFor();
      await look(ann, 'typing');
      await bob.say('yes, I have it');
      await ann.message('yes, I have it').waitFor();
    },
  ],
  [
    'A line shows what is new',
    async ({ ann, cy, bob }, { look }) => {
      await cy.say('The weather will be fine.');
      await cy.say('I have checked it twice.');
      await ann.page.getByRole('link', { name: /^Summer picnic \(Group, 2 unread/ }).waitFor();
      await ann.open(group);
      await ann.page.getByText('New', { exact: true }).waitFor();
      await look(ann, 'new-line');
      await bob.open(group);
    },
  ],
  [
    'A reply quotes a message, and leads to it',
    async ({ ann, bob }, { look }) => {
      await ann.act('The weather will be fine.', 'Reply');
      await look(ann, 'replying');
      await ann.say('Then I bring no tent.');
      const quote = bob.message('Then I bring no tent.').getByRole('button', { name: /^Cy: The weather/ });
      await bob.press(quote);
      await bob.page.waitForFunction(() => document.activeElement?.textContent?.includes('The weather will be fine.'));
    },
  ],
  [
    'A message is pinned, and the list of pins leads to it',
    async ({ ann, bob }, { look }) => {
      await ann.act('Then I bring no tent.', 'Pin');
      await ann.message('Then I bring no tent.').getByText('Pinned', { exact: true }).waitFor();
      await bob.press(bob.button('Pinned messages'));
      await bob.dialog.getByText('Then I bring no tent.').waitFor();
      await look(bob, 'pins');
      await bob.press(bob.dialog.getByRole('link').first());
      await bob.page.locator('.message[data-linked="true"]').getByText('Then I bring no tent.').waitFor();
    },
  ],
  [
    'Dee replies on her phone',
    async ({ ann, dee }, { look }) => {
      await dee.open(group);
      await dee.act('The weather will be fine.', 'Reply');
      await look(dee, 'phone-replying');
      await dee.say('Wonderful!');
      await ann.message('Wonderful!').waitFor();
      await look(dee, 'phone-chat');
    },
  ],
  [
    'A message is edited',
    async ({ ann, bob }) => {
      await bob.say('I bing the bread.');
      await bob.message('I bing the bread.').locator('.delivery:not([title=Sending])').waitFor();
      await bob.write(bob.field('Message'), '');
      await bob.keys('ArrowUp');
      await bob.visitor.editing();
      await bob.say('I bring the bread.');
      await ann.message('I bring the bread.').getByText('(edited)').waitFor();
    },
  ],
  [
    'A message is deleted for everyone',
    async ({ ann, bob }) => {
      await ann.say('Wrong chat, sorry');
      await bob.message('Wrong chat, sorry').waitFor();
      await ann.act('Wrong chat, sorry', 'Delete');
      await ann.press(ann.button('Delete for everyone'));
      await bob.page.getByText('This message was deleted.').waitFor();
    },
  ],
  [
    'People react with emoji',
    async ({ ann, bob, cy, dee }, { look }) => {
      await ann.act('I bring the bread.', 'React');
      await look(ann, 'reacting');
      await ann.press(ann.message('I bring the bread.').getByRole('button', { name: 'React with 🎉' }));
      await bob.message('I bring the bread.').getByRole('button', { name: '🎉' }).waitFor();
      await dee.press(dee.message('I bring the bread.').getByRole('button', { name: '🎉' }));
      await cy.act('I bring the bread.', 'React');
      await cy.press(cy.message('I bring the bread.').getByRole('button', { name: 'More emoji' }));
      await cy.write(cy.field('Search emoji'), 'baguette');
      await cy.dialog.getByRole('button', { name: 'baguette' }).first().waitFor();
      await look(cy, 'emoji-found');
      await cy.press(cy.dialog.getByRole('button', { name: 'baguette' }).first());
      await ann.message('I bring the bread.').getByRole('button', { name: /🥖 1/ }).waitFor();
      await ann.message('I bring the bread.').getByRole('button', { name: /🎉 2/ }).waitFor();
    },
  ],
  [
    'A name and an emoji are completed while typing',
    async ({ ann, dee }, { look }) => {
      const field = ann.field('Message');
      await ann.type(field, 'hello @de');
      await ann.page.getByRole('option', { name: dee.userId }).waitFor();
      await look(ann, 'mention-list');
      await ann.keys('Tab');
      await ann.page.keyboard.type(':tad');
      await ann.page.getByRole('option', { name: ':tada:' }).waitFor();
      await look(ann, 'emoji-list');
      await ann.keys('Enter');
      await ann.keys('Enter');
      const message = dee.page.locator('.message[data-mention="true"]').last();
      await message.getByText('Mentions you').waitFor();
    },
  ],
  [
    'Text is formatted, and code is copied',
    async ({ bob, ann }, { look }) => {
      await bob.say(
        '**Packing list**, *please add*:\n\n1. plates\n2. cups\n\n> no glass, please\n\nsee https://example.org/picnic',
      );
      await bob.say('```\nbread = 2\nbutter = 1\n```');
      const code = ann.page.locator('.message', { has: ann.page.locator('pre') }).last();
      await ann.press(code.getByRole('button', { name: 'Copy code' }));
      await code.getByText('Copied').waitFor();
      await look(ann, 'formatted');
    },
  ],
  [
    'A long message folds, and a text that is too long says by how much',
    async ({ cy }, { look }) => {
      await cy.say(`${'A line of a long report\n'.repeat(60)}the end`);
      await cy.button(/^Show all/).waitFor();
      await cy.write(cy.field('Message'), 'x'.repeat(70_000));
      await cy.page.getByText(/bytes? too long/).waitFor();
      await look(cy, 'long');
      await cy.write(cy.field('Message'), '');
    },
  ],
  [
    'Every script is shown as its readers write it',
    async ({ dee }, { look }) => {
      const lines = [
        'مرحبا بكم في النزهة',
        'ברוכים הבאים',
        'ピクニックへようこそ',
        'ยินดีต้อนรับ',
        'Καλώς ήρθατε',
        '🏳️‍🌈👩‍👩‍👧‍👦',
      ];
      for (const line of lines) await dee.say(line);
      await dee.message('🏳️‍🌈👩‍👩‍👧‍👦').waitFor();
      await look(dee, 'phone-scripts');
    },
  ],
  [
    'A search marks the words that it found, and leads to the message',
    async ({ ann }, { look }) => {
      await ann.press(ann.button('Search messages'));
      const result = ann.dialog.getByRole('link', { name: /plates and cups/ });
      for (let found = false; !found; found = (await result.count()) > 0) {
        await ann.write(ann.field('Words, or a "phrase"'), 'plates');
        await ann.keys('Enter');
        await ann.dialog.locator('.results a, p[role=status]:text("No message")').first().waitFor();
      }
      await look(ann, 'search');
      await ann.press(result);
      await ann.page.locator('.message[data-linked="true"]').waitFor();
      await look(ann, 'search-jump');
    },
  ],
  [
    'The link of a message opens it in another tab',
    async ({ ann }, walk) => {
      await ann.act('I bring plates and cups.', 'Copy link');
      const tab = await walk.tab(ann, await ann.page.evaluate(() => navigator.clipboard.readText()));
      await tab.page.locator('.message[data-linked="true"]').getByText('I bring plates and cups.').waitFor();
      await tab.page.close();
    },
  ],
  [
    'A draft waits in its chat',
    async ({ ann }) => {
      await ann.type(ann.field('Message'), 'half a th');
      await ann.open('Board');
      await ann.open(group);
      await ann.page.waitForFunction(() => document.querySelector('textarea')?.value === 'half a th');
      await ann.write(ann.field('Message'), '');
    },
  ],
  [
    'A picture is sent, and opens from its thumbnail',
    async ({ ann, dee }, { look }) => {
      const [chooser] = await Promise.all([
        dee.page.waitForEvent('filechooser'),
        dee.press(dee.button('Attach files')),
      ]);
      await chooser.setFiles([{ name: 'meadow.png', mimeType: 'image/png', buffer: await painted(dee.page) }]);
      await dee.page.locator('.send:enabled').waitFor();
      await look(dee, 'phone-attached');
      await dee.say('Here it is:');
      await ann.toEnd();
      await ann.press(ann.page.getByRole('button', { name: 'Open meadow.png' }).last());
      await ann.dialog.locator('img').waitFor();
      await look(ann, 'picture');
      await ann.keys('Escape');
    },
  ],
  [
    'A voice message is recorded and sent',
    async ({ ann, bob }, { look }) => {
      await bob.press(bob.button('Record a voice message'));
      await bob.page.getByText(/^(?!0:00)\d+:\d\d of 10:00$/).waitFor();
      await look(bob, 'recording');
      await bob.press(bob.button('Stop'));
      await bob.page.locator('.send:enabled').waitFor();
      await bob.press(bob.button('Send'));
      await ann.toEnd();
      await ann.page.locator('.files audio').last().waitFor();
      await look(ann, 'files');
    },
  ],
];

export const conversation: Act = { title: 'Conversation', steps };
