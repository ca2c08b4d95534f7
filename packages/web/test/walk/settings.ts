import { strict as assert } from 'node:assert';
import { group } from './people.js';
import type { Act } from './walk.js';

export const settings: Act = {
  title: 'Settings',
  steps: [
    [
      'A profile is changed, and a name that is too long says by how much',
      async ({ bob }, { look }) => {
        await bob.settings('Profile');
        await bob.write(bob.page.getByLabel('Display name'), 'x'.repeat(70));
        await bob.page.getByText('6 characters too many. The limit is 64.').waitFor();
        await look(bob, 'profile-too-long');
        await bob.write(bob.page.getByLabel('Display name'), 'Robert');
        await bob.write(bob.page.getByLabel('About you (optional)'), 'Bees and trees');
        await bob.press(bob.button('Save'));
        await bob.page.getByText('Saved.').waitFor();
        await look(bob, 'profile');
        await bob.keys('Escape');
      },
    ],
    [
      'Others see the profile on a card, when the person was last here, and can block them',
      async ({ ann, bob }, { look }) => {
        await ann.page.reload(); // A name that another person has changed arrives with the next list of chats.
        await ann.open('Robert');
        await ann.page.locator('.who').getByText('Robert').first().waitFor();
        await ann.press(ann.page.locator('.room-title').getByRole('button', { name: 'Robert' }));
        await ann.dialog.getByText('Bees and trees').waitFor();
        await ann.dialog.getByText('Online now').waitFor();
        await look(ann, 'person');
        await ann.press(ann.button('Block'));
        await ann.page.getByText('They are not told why.').waitFor();
        await look(ann, 'block');
        await ann.press(ann.button('Block'));
        await ann.page.getByText('You have blocked this person.').waitFor();
        await ann.keys('Escape');
        await bob.row('Ann').waitFor({ state: 'detached' });
      },
    ],
    [
      'A blocked person is unblocked in the settings',
      async ({ ann, bob }, { look }) => {
        await ann.settings('Blocked people');
        await ann.page.locator('.settings-part li').getByText('Robert').waitFor();
        await look(ann, 'blocked');
        await ann.press(ann.dialog.getByRole('button', { name: 'Unblock' }));
        await ann.page.getByText('You have blocked nobody.').waitFor();
        await ann.keys('Escape');
        await bob.row('Ann').waitFor();
      },
    ],
    [
      'A profile is hidden from everybody, and reading is private',
      async ({ cy }) => {
        await cy.settings('Profile');
        await cy.select(cy.page.getByLabel('Visible profile'), 'Nobody');
        await cy.choose(cy.page.getByLabel('Read in private'));
        await cy.press(cy.button('Save'));
        await cy.page.getByText('Saved.').waitFor();
        await cy.keys('Escape');
      },
    ],
    [
      'Another device is signed out',
      async ({ ann }, walk) => {
        const laptop = await walk.again(ann);
        await ann.settings('Password and devices');
        await ann.page.getByRole('button', { name: /^Sign out .+ on / }).waitFor();
        await walk.look(ann, 'devices');
        await ann.press(ann.page.getByRole('button', { name: /^Sign out .+ on / }));
        await ann.page.getByText('1 device was signed out.').waitFor();
        await laptop.page.getByText('Your session has ended. Sign in again.').waitFor();
        await walk.look(laptop, 'session-ended');
        await laptop.page.context().close();
      },
    ],
    [
      'The password is changed, and opens the next session',
      async ({ ann }, walk) => {
        await ann.write(ann.field('Current password'), 'not my password');
        await ann.write(ann.field('New password'), 'a better horse');
        await ann.press(ann.button('Change password'));
        await ann.page.getByText('The current password is wrong.').waitFor();
        await ann.write(ann.field('Current password'), 'correct horse');
        await ann.press(ann.button('Change password'));
        await ann.page.getByText('Your password is changed.').waitFor();
        await ann.keys('Escape');
        const laptop = await walk.again(ann, 'a better horse');
        await laptop.row(group).waitFor();
        await laptop.page.context().close();
      },
    ],
    [
      'Colours are dark, and spacing is compact',
      async ({ ann, dee }, { look }) => {
        for (const one of [ann, dee]) {
          await one.settings('Display and language');
          await one.choose(one.page.getByRole('radio', { name: 'Dark' }));
          await one.choose(one.page.getByRole('radio', { name: 'Compact' }));
        }
        await look(ann, 'display');
        await look(dee, 'phone-display');
        for (const one of [ann, dee]) {
          await one.keys('Escape');
          await one.open(group);
          await one.page.locator('.message').first().waitFor();
        }
        await look(ann, 'dark');
        await look(dee, 'phone-dark');
      },
    ],
    [
      'Everything speaks German, and English again',
      async ({ cy }, { look }) => {
        await cy.settings('Display and language');
        await cy.select(cy.field('Language'), 'Deutsch');
        await cy.page.getByRole('dialog', { name: 'Einstellungen' }).waitFor();
        await look(cy, 'german-settings');
        await cy.keys('Escape');
        await look(cy, 'german');
        assert.equal(await cy.page.evaluate(() => document.documentElement.lang), 'de');
        await cy.keys('Control+,');
        await cy.page.getByRole('dialog', { name: 'Einstellungen' }).waitFor();
        await cy.press(cy.page.locator('dialog.settings').getByRole('button', { name: 'Anzeige und Sprache' }));
        await cy.select(cy.field('Sprache'), 'English');
        await cy.page.getByRole('dialog', { name: 'Settings' }).waitFor();
        await cy.keys('Escape');
      },
    ],
    [
      '"?" lists the keyboard shortcuts',
      async ({ ann }, { look }) => {
        await ann.focus(ann.page.getByRole('region', { name: 'Messages' }));
        await ann.keys('?');
        await ann.dialog.getByText('Alt').first().waitFor();
        await look(ann, 'shortcuts');
        await ann.keys('Escape');
      },
    ],
    [
      'A channel is deleted for everyone',
      async ({ ann }, { look }) => {
        await ann.open('Board');
        await ann.press(ann.button('More'));
        await ann.press(ann.button('Delete for everyone'));
        await look(ann, 'delete-chat');
        await ann.press(ann.button('Delete chat'));
        await ann.row('Board').waitFor({ state: 'detached' });
      },
    ],
    [
      'Everybody signs out, and nothing stays in the browser',
      async ({ ann, bob, cy, dee }, { look }) => {
        for (const one of [ann, bob, cy, dee]) {
          await one.toList();
          await one.press(one.button('Sign out'));
          await one.page.getByRole('heading', { name: 'Sign in' }).waitFor();
          await one.visitor.keeps('I bring the bread.', false);
        }
        await look(dee, 'phone-signed-out');
      },
    ],
  ],
};
