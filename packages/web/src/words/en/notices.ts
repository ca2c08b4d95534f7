import { pluralsOf } from '../plurals.js';

const plural = pluralsOf('en');

/** Texts about notifications, and about the page as an app. */
export const enNotices = {
  title: 'Notifications',
  titleQuiet: 'Notifications: “Do not disturb” is on',
  hint: 'These settings are for this browser. Each chat has a level of its own, in the menu at its top right.',
  done: 'Done',
  newMessages: 'New messages',
  turnOn: 'Turn notifications on',
  turnOff: 'Turn notifications off',
  showsText: 'Show the text of messages in notifications',
  pushes: 'Also when Parley is closed',
  pushRefused:
    'This browser cannot be reached while Parley is closed. Allow push messages in its settings, or try later.',
  somethingNew: 'There is something new.',
  playsSound: 'Play a sound',
  quiet: 'Do not disturb',
  quietFor: (time: string) => `On for another ${time}.`,
  endQuiet: 'Turn it off',
  beQuietFor: (time: string) => `For ${time}`,
  denied:
    'This browser blocks notifications of this site. Open the site settings beside the address, allow notifications, then come back here.',
  impossible:
    'This browser shows no notifications of this site. Use HTTPS, and on an iPhone or iPad add the page to the Home Screen first.',
  messages: (count: number) => plural(count, { one: 'New message', other: '# new messages' }),
  messageFrom: (name: string) => `New message from ${name}`,
  withCount: (text: string, count: number) => `${text} (${count} new messages)`,
  added: 'You were added',
  offered: 'You are invited to join',
  role: 'Your role changed',
  newVersion: 'There is a new version of Parley. Drafts and unsent messages are kept.',
  replacedVersion:
    'A newer version of Parley runs in another tab. Until you reload, this tab stores nothing that you write.',
  reload: 'Reload',
};

export type NoticesWords = typeof enNotices;
