import { strict as assert } from 'node:assert';
import { workerReady } from '../worker-steps.js';
import { group } from './people.js';
import type { Act } from './walk.js';

export const offline: Act = {
  title: 'Installable and offline',
  steps: [
    [
      'The page can be installed: it has a manifest with icons, and a service worker',
      async ({ dee }) => {
        await workerReady(dee.visitor);
        const manifest = await dee.page.evaluate(async () => {
          const href = document.querySelector<HTMLLinkElement>('link[rel=manifest]')?.href ?? '';
          return (await (await fetch(href)).json()) as { display: string; icons: { src: string }[] };
        });
        assert.equal(manifest.display, 'standalone');
        for (const { src } of manifest.icons)
          assert.equal((await fetch(new URL(src, dee.page.url()))).status, 200, `The icon ${src} is missing.`);
      },
    ],
    [
      'Without a network, the page opens from its cache',
      async ({ dee }, { look }) => {
        await dee.open(group);
        await dee.visitor.keeps('I bring the bread.', true);
        await dee.toList();
        await dee.page.context().setOffline(true);
        await dee.page.reload();
        await dee.row(group).waitFor();
        await look(dee, 'phone-offline-list');
        await dee.press(dee.row(group));
        await dee.page
          .getByText(/You are offline/)
          .filter({ visible: true })
          .first()
          .waitFor();
        await dee.page.locator('.message').first().waitFor();
      },
    ],
    [
      'A message that is written without a network waits, and a sign-out asks first',
      async ({ dee }, { look }) => {
        await dee.say('Written in the tunnel');
        await dee.page.getByTitle('Sending').waitFor();
        await dee.visitor.keeps('Written in the tunnel', true);
        await look(dee, 'phone-offline-chat');
        await dee.toList();
        await dee.press(dee.button('Sign out'));
        await dee.page.getByText('1 message has not been sent', { exact: false }).waitFor();
        await look(dee, 'phone-sign-out');
        await dee.press(dee.button('Stay'));
      },
    ],
    [
      'The message is sent when the network is back',
      async ({ dee, bob }) => {
        await dee.page.context().setOffline(false);
        await bob.row(group).getByText('Written in the tunnel').waitFor();
      },
    ],
    [
      'After kill -9 of all chat servers, everybody is back without lost messages',
      async ({ ann, bob, cy }, { system, look }) => {
        for (const one of [ann, bob, cy]) await one.open(group);
        await system.killChatServers();
        await cy.say('Said while the server was away');
        await look(cy, 'server-away');
        for (const one of [ann, bob, cy]) {
          await one.toEnd(); // A list stays at the place to which keys have scrolled it.
          await one.message('Said while the server was away').waitFor({ timeout: 120_000 });
        }
        for (const one of [ann, bob, cy]) assert.equal(await one.message('Said while the server was away').count(), 1);
      },
    ],
  ],
};
