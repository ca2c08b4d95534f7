import { until } from '@parley/testkit';
import { pushesOf, shows, subscribeAt } from '../push-steps.js';
import { workerReady } from '../worker-steps.js';
import { group } from './people.js';
import type { Act } from './walk.js';

export const told: Act = {
  title: 'Being told',
  steps: [
    [
      'Ann turns notifications on',
      async ({ ann }, walk) => {
        await subscribeAt(walk.system.receiver, ann.page.context());
        await ann.page.reload();
        await ann.button('Notifications').waitFor();
        await workerReady(ann.visitor);
        await ann.press(ann.button('Notifications'));
        await ann.press(ann.dialog.getByRole('button', { name: 'Turn notifications on' }));
        await ann.choose(ann.page.getByLabel('Show the text of messages'));
        await ann.choose(ann.page.getByLabel('Play a sound'));
        await walk.look(ann, 'notifications');
        await ann.press(ann.button('Done'));
      },
    ],
    [
      'A message in another chat is shown as a notification, which goes once it is read',
      async ({ ann, bob }) => {
        await ann.open('Board');
        await bob.open('Ann');
        await bob.say('Are you there?');
        await shows(ann.visitor, ['Bob: Are you there?']);
        await ann.open('Bob');
        await ann.message('Are you there?').waitFor();
        await shows(ann.visitor, []);
      },
    ],
    [
      'A muted chat and a chat with the level of mentions do not notify; a mention does',
      async ({ ann, bob }) => {
        await ann.open(group);
        await ann.press(ann.button('More'));
        await ann.choose(ann.page.getByRole('radio', { name: 'Only mentions' }));
        await ann.keys('Escape');
        await ann.open('Board');
        await bob.open(group);
        await bob.say('This is for everybody.');
        await ann.row(group).getByText('This is for everybody.').waitFor();
        await bob.type(bob.field('Message'), '@ann');
        await bob.page.getByRole('option', { name: ann.userId }).waitFor();
        await bob.keys('Tab');
        await bob.type(bob.field('Message'), 'this is for you');
        await bob.keys('Enter');
        await shows(ann.visitor, [`${group}: Bob: @Ann this is for you`]);
        await ann.open(group);
        await shows(ann.visitor, []);
      },
    ],
    [
      '"Do not disturb" shows nothing',
      async ({ ann, bob }, { look }) => {
        await ann.press(ann.button('Notifications'));
        await ann.press(ann.dialog.getByRole('button', { name: 'For 1 hour' }));
        await ann.page.getByText('On for another 1 hour').waitFor();
        await look(ann, 'do-not-disturb');
        await ann.press(ann.button('Done'));
        await bob.open('Ann');
        await bob.say('Still there?');
        await ann.row('Bob').getByText('Still there?').waitFor();
        await shows(ann.visitor, []);
        await ann.press(ann.button('Notifications: “Do not disturb” is on'));
        await ann.press(ann.dialog.getByRole('button', { name: 'Turn it off' }));
        await ann.press(ann.button('Done'));
      },
    ],
    [
      'Web Push tells Ann while the page is closed',
      async ({ ann, bob }, { system }) => {
        const push = await pushesOf(ann.visitor);
        await ann.press(ann.button('Notifications'));
        const isStored = ann.page.waitForResponse(/\/SetPush$/).then((response) => response.finished());
        await Promise.all([isStored, ann.choose(ann.page.getByLabel('Also when Parley is closed'))]);
        await ann.press(ann.button('Done'));
        await ann.page.goto('about:blank');
        await bob.say('Call me when you can.');
        await until(async () => system.receiver.received.length > 0);
        const { payload } = system.receiver.received[0] ?? {};
        await push(payload);
        await ann.page.goto(`${system.url}/#rooms`);
        await shows(ann.visitor, ['Bob: Call me when you can.']);
        await ann.open('Bob');
        await shows(ann.visitor, []);
      },
    ],
  ],
};
