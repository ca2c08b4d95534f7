import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '@parley/client/testing';
import type { TestPerson } from '@parley/testkit';
import { searchOf } from '../src/search.js';
import { CommandRig } from './command-rig.js';

let rig: CommandRig;

beforeAll(async () => {
  rig = await CommandRig.open();
});
afterEach(() => rig.commands.killAll());
afterAll(() => rig.close());

const three = (prefix: string) => rig.three(prefix);
const run = (person: TestPerson, line: string) => rig.process.run(person, ...line.split(' '));
const json = (person: TestPerson, line: string) => rig.process.json(person, ...line.split(' '));

test('creates each kind of channel, with the defaults of its kind', async () => {
  const [ann] = await three('kinds');
  const idOf = async (kind: string) => ((await json(ann, `create my-${kind} --kind ${kind}`)) as { id: number }).id;
  for (const kind of ['room', 'group', 'public', 'private']) {
    const id = await idOf(kind);
    const room = { limit: 10, retention: '7d' };
    const chat = { limit: 1_000, retention: 'forever' };
    const listed = (await json(ann, 'channels')) as { id: number }[];
    expect(listed.find((one) => one.id === id)).toMatchObject({ kind, ...(kind === 'room' ? room : chat) });
  }
  expect(await run(ann, 'create big --limit 26')).toEqual({ code: 2, said: 'parley: A room has at most 25 seats.\n' });
  expect((await run(ann, 'create big --kind group --limit 26')).code).toBe(0);
});

test('creates a chat with the name of another chat, and prints a note that says how to choose', async () => {
  const [ann, bob] = await three('twice');
  const { id: first } = (await json(ann, 'create crew --kind group')) as { id: number };
  const { said } = await run(ann, 'create crew --kind private');
  const [, second] = /^crew is channel (\d+),/.exec(said) ?? [];
  expect(said).toContain(
    `* another channel has this name too: ${first} (owner twice-1, 0 inside). Use an id to choose one, such as`,
  );
  expect(said).toMatch(new RegExp(`such as \`npx parley .*chat ${second}\` for this one\\.\n$`));
  expect((await run(bob, 'create crew --kind group')).said).not.toContain('this name too');
  await run(ann, 'create hands --kind group');
  expect((await run(ann, 'set hands --name Crew')).said).toContain('* other channels have this name too: ');
});

test('members are added, get roles, are muted, banned and removed', async () => {
  const [ann, bob, cy] = await three('mem');
  await run(ann, 'create team --kind group');
  expect(await run(ann, 'members team mem-2 --add')).toEqual({ code: 0, said: 'mem-2 is now a member.\n' });
  expect(await run(ann, 'members team mem-2 --role admin')).toEqual({ code: 0, said: 'mem-2 is now an admin.\n' });
  await run(bob, 'members team mem-3 --add');
  expect((await run(bob, 'members team mem-3 --mute 1h')).said).toBe('mem-3 is muted.\n');
  expect((await run(bob, 'members team')).said).toMatch(
    /^id +name +role +seen\nmem-1 +mem-1 +owner.*\nmem-2 +mem-2 +admin.*\nmem-3 +mem-3 +member.*\n$/,
  );
  expect((await run(cy, 'members team mem-2 --remove')).said).toContain('Only the owner or an admin');
  expect((await run(bob, 'members team mem-3 --ban 1d')).said).toBe('mem-3 is banned.\n');
  expect((await run(bob, 'members team mem-3 --add')).said).toContain('is banned from this channel');
  expect((await run(bob, 'members team mem-3 --ban off')).said).toBe('mem-3 may join again.\n');
  expect(await json(ann, 'members team mem-2 --role owner')).toMatchObject({ id: 'mem-2', offered: 'owner' });
  expect((await run(bob, 'join team')).said).toContain('You are now a member of team');
  expect(await json(bob, 'members team')).toMatchObject([{ role: 'admin' }, { role: 'owner' }, {}]);
  expect(await run(bob, 'leave team')).toEqual({
    code: 1,
    said: expect.stringMatching(/The owner cannot leave.* members <chat> <user> --role owner`\.\n$/),
  });
  expect((await run(ann, 'leave team')).said).toMatch(/^You left team \(channel \d+\)\.\n$/);
  for (const wrong of ['members team mem-2', 'members team mem-2 --add --remove', 'members team --add']) {
    expect([wrong, (await run(bob, wrong)).code]).toEqual([wrong, 2]);
  }
  expect((await run(bob, 'members team mem-2 --mute soon')).code).toBe(2);
});

test('several users are added at once, and a refused one does not keep out the others', async () => {
  const [ann, bob, cy] = await three('many');
  await run(ann, 'create crew --kind group');
  expect(await run(ann, 'members crew --add many-2 many-3')).toEqual({
    code: 0,
    said: 'many-2 is now a member.\nmany-3 is now a member.\n',
  });
  const { entries } = (await json(bob, 'history crew')) as { entries: object[] };
  expect(entries).toMatchObject([{ event: 'member', user_id: bob.id, user_ids: [bob.id, cy.id], by: ann.id }]);
  expect((await run(bob, 'history crew')).said).toContain('* many-2 and many-3 are now members, by many-1');
  expect(await run(ann, 'members crew many-2 nobody-here --add')).toEqual({
    code: 1,
    said: 'many-2 is now a member.\nnobody-here: User not found. Check the id.\n',
  });
  expect(await json(ann, 'members crew many-2 nobody-here --add')).toMatchObject([
    { id: 'many-2', role: 'member' },
    { id: 'nobody-here', error: { reason: 'user-not-found' } },
  ]);
  expect((await run(ann, 'members crew many-2 many-3 --remove')).code).toBe(2);
});

test('an invite link is printed, shown, used, listed and revoked', async () => {
  const [ann, bob, cy] = await three('inv');
  await run(ann, 'create secret --kind private');
  const { said } = await run(ann, 'invite secret --uses 1 --expires 7d');
  const [, link = ''] = /\nnpx parley join (invite-\S+)\n$/.exec(said) ?? [];
  expect(link).not.toBe('');
  expect((await run(bob, `join https://chat.example.org/#${link}`)).said).toMatch(
    /^You are now a member of secret \(channel \d+\)\. Enter it with `npx parley .*chat \d+`\.\n$/,
  );
  expect((await run(bob, `join ${link}`)).said).toContain('This invite is not valid');
  expect((await run(bob, 'join secret')).said).toContain('You are already a member of secret');
  expect((await run(cy, `join ${link}`)).said).toContain('This invite is not valid');
  expect((await run(cy, 'join secret')).said).toContain('There is no channel secret.');
  const listed = await json(ann, 'invite secret --list');
  expect(listed).toMatchObject([{ link, uses: 1, max_uses: 1, expired: true, created_by: 'inv-1' }]);
  const second = (await json(ann, 'invite secret')) as { link: string };
  expect((await run(bob, 'invite secret')).said).toContain('Only the owner or an admin');
  expect((await run(ann, `invite secret --revoke ${second.link}`)).code).toBe(0);
  expect((await run(cy, `join ${second.link}`)).code).toBe(1);
  expect((await run(ann, 'invite secret --list')).said).toMatch(/^link +uses +ends +by\ninvite-\S+ +0 +over/);
});

test('a mistyped invite link is not taken for the name of a channel', async () => {
  const [ann, bob] = await three('typo');
  await run(ann, 'create invite-only --kind public');
  for (const link of [
    'invite-short',
    `invite-${'x'.repeat(23)}`,
    `https://chat.example.org/#invite-${'x'.repeat(21)}`,
  ]) {
    expect(await run(bob, `join ${link}`)).toEqual({
      code: 1,
      said: expect.stringContaining('This invite link is not valid'),
    });
  }
  expect((await run(bob, `join invite-${'x'.repeat(22)}`)).said).toContain('This invite is not valid');
  expect((await run(bob, 'join invite-only')).said).toContain('You are now a member of invite-only');
  expect((await run(bob, 'join not-invite-x')).said).toContain('There is no channel not-invite-x.');
});

test('a public chat is joined by its name, and a room is not joined', async () => {
  const [ann, bob] = await three('pub');
  await run(ann, 'create news --kind public');
  await run(ann, 'create hall');
  expect(await json(bob, 'join news')).toMatchObject({ name: 'news', kind: 'public' });
  expect((await run(bob, 'join hall')).said).toMatch(
    /^parley: A room has no members\. Enter it with `npx parley .* chat/,
  );
});

test('two users talk in their direct chat, and find the messages', async () => {
  const [ann, bob, cy] = await three('two');
  const direct = await rig.commands.start(ann, 'direct', bob.id);
  await direct.says('here (1)');
  direct.type('lunch on friday?');
  await direct.says('#1 two-1: lunch');
  const other = await rig.commands.start(bob, 'direct', ann.id);
  await other.says('here (2)');
  other.type('friday it is');
  await direct.says('#2 two-2: friday it is');
  const isFound = async () => (await run(ann, 'search friday from:two-2')).said.includes('friday it is');
  await until(async () => (await isFound()) || pause(500, false)); // The rate of searches is limited.
  expect([await direct.end(), await other.end()]).toEqual([0, 0]);
  expect((await run(ann, 'search friday')).said).toMatch(
    /^\[channel \d+\] \S+ \S+ #1 two-1: lunch on friday\?\n\[channel \d+\] \S+ \S+ #2 two-2: friday it is\n$/,
  );
  expect((await run(ann, 'search friday --size 1')).said).toMatch(/^\S+ \S+ \S+ \S+ #2 .*\n$/);
  expect(await json(bob, 'search lunch after:2026-01-01')).toMatchObject([{ seq: 1, sender: 'two-1' }]);
  expect((await run(bob, 'search lunch before:2026-01-01')).said).toBe('No message matches.\n');
  expect((await run(cy, 'search lunch')).said).toBe('No message matches.\n');
  expect((await run(cy, 'search lunch in:nowhere')).code).toBe(1);
  expect((await run(cy, 'search lunch after:tomorrow')).code).toBe(2);
  expect((await run(ann, 'direct nobody-here')).said).toContain('User not found');
});

test('filters of a search are not part of its words', () => {
  expect(searchOf(['"on friday"', 'in:my team', 'lunch:', 'from:bob', 'http://x'])).toEqual({
    text: '"on friday" lunch: http://x',
    in: 'my team',
    from: 'bob',
  });
  expect(searchOf(['lunch "on friday" In:team from:bob'])).toEqual({
    text: 'lunch "on friday"',
    in: 'team',
    from: 'bob',
  });
  expect(searchOf(['"half a phrase'])).toEqual({ text: '"half a phrase' });
  expect(() => searchOf(['lunch', 'in:'])).toThrow('`in:` needs a value');
  expect(() => searchOf(['in:a', 'in:b'])).toThrow('`in:` may appear only once.');
});

test('shows and changes the profile, and lists and ends sessions', async () => {
  const [ann, bob] = await three('own');
  expect((await rig.process.run(ann, 'profile', '--about', 'on holiday', '--visibility', 'contacts')).code).toBe(0);
  expect((await run(ann, 'profile')).said).toMatch(
    /^id +own-1\nname +own-1\nabout +on holiday\n(seen .*\n)?visible to +contacts\n$/,
  );
  expect((await run(bob, 'profile own-1')).said).not.toContain('on holiday');
  expect((await run(bob, 'profile own-1 --name Me')).code).toBe(2);
  expect((await run(bob, 'profile nobody-here')).said).toContain('User not found');
  const more = "INSERT INTO chat.session (user_id, expires_at, device) VALUES ($1, now() + interval '1 day', $2)";
  await rig.trio.people.sql(more, [ann.id, 'phone \u001b[2J']);
  await rig.trio.people.sql(more, [ann.id, 'tablet']);
  const { said } = await run(ann, 'sessions');
  expect(said).toMatch(/this one$/m);
  const phone = /^(\S+) +phone /m.exec(said)?.[1] ?? '';
  expect((await run(ann, `sessions --end ${phone}`)).said).toBe('Ended 1 session.\n');
  expect((await run(ann, `sessions --end ${phone}`)).said).toMatch(/ sessions` to list your sessions\.\n$/);
  expect((await run(ann, 'sessions --others')).said).toBe('Ended 1 session.\n');
  expect(await json(ann, 'sessions')).toMatchObject([{ id: ann.sessionId, current: true }]);
});

test('chats are listed with their unread messages, and notifications with their subjects', async () => {
  const [ann, bob, cy] = await three('list');
  expect((await run(cy, 'chats')).said).toMatch(
    /^You have no chats yet\. Begin one with `npx parley .* direct <user>` or/,
  );
  await run(ann, 'create team --kind group');
  await run(ann, 'members team list-2 --add');
  await rig.client(ann).chats.direct(cy.id);
  const team = await rig.client(ann).listen(((await json(ann, 'chats')) as { id: number }[])[1]?.id ?? 0);
  await team.send('you \u001b[2J there?', { mentions: [bob.id] });
  expect((await run(bob, 'chats')).said).toMatch(
    /^id +chat +unread +mentions +last\n\d+ +team +1 +1 +\d{4}-\d\d-\d\d \S+ +list-1: you there\?\n$/,
  );
  expect(await json(bob, 'chats --size 1')).toMatchObject([
    { name: 'team', kind: 'group', unread: 1, mentions: 1, notify: 'all', read_seq: 0, last: { seq: 2 } },
  ]);
  expect((await run(cy, 'chats')).said).toMatch(/^\d+ +@list-1\b/m);
  expect((await run(bob, 'notify team mentions')).said).toBe('In team, only mentions and replies notify you.\n');
  expect(await json(bob, 'chats')).toMatchObject([{ notify: 'mentions' }]);
  expect((await run(bob, 'notify team some')).code).toBe(2);
  const isNotified = async () => ((await json(bob, 'notifications')) as object[]).length === 2;
  await until(async () => (await isNotified()) || pause(500, false));
  expect((await run(bob, 'notifications --read')).said).toMatch(
    /^at +what +where\n.* new +list-1 mentioned you +channel \d+ #2\n.* new +list-1 added you +channel \d+/,
  );
  expect((await run(bob, 'notifications')).said).toBe('You have no unread notifications.\n');
  expect(await json(bob, 'notifications --all')).toMatchObject([
    { kind: 'mention', by: 'list-1', read: true },
    { kind: 'added', read: true },
  ]);
  await team.leave();
});

test('people are found, blocked and unblocked', async () => {
  const [ann, bob] = await three('seek');
  expect((await run(ann, 'people SEEK')).said).toMatch(/^id +name +seen\nseek-1 .*\nseek-2 .*\nseek-3 .*\n$/);
  expect(await json(ann, 'people seek-2')).toMatchObject([{ id: 'seek-2', name: 'seek-2' }]);
  expect((await run(ann, 'people seek --size 1')).said).toContain('* there are more than 1;');
  expect((await run(ann, 'people nobody-here')).said).toContain('No one was found.');
  expect((await run(ann, 'people ?')).said).toContain('No one was found.');
  expect((await run(ann, 'block seek-2')).said).toMatch(/^seek-2 can no longer write to you directly/);
  expect((await run(bob, 'direct seek-1')).said).toContain('User not found');
  expect(await json(ann, 'block')).toMatchObject([{ id: 'seek-2' }]);
  expect((await run(ann, 'profile seek-2')).said).toMatch(/^blocked +by you$/m);
  expect(await json(ann, 'people seek-2')).toMatchObject([{ id: 'seek-2', blocked: true }]);
  expect((await run(ann, 'unblock seek-2')).said).toBe('seek-2 is not blocked any more.\n');
  expect((await run(ann, 'block')).said).toBe('You have blocked nobody.\n');
  expect((await run(ann, 'block nobody-here')).code).toBe(1);
});

const hasScript = spawnSync('script', ['--version']).status === 0;

(hasScript ? test : test.skip)('on a terminal, join shows the chat and asks first', async () => {
  const [ann, bob] = await three('ask');
  await run(ann, 'create salon --kind public');
  const no = await rig.commands.onTerminal(bob, '--user-service', rig.users, 'join', 'salon');
  await no.says('Join? [y/N]');
  expect(no.said).toMatch(/salon \(channel \d+\), public, 1 member\r?\n/);
  no.type('n');
  await no.says('You did not join.');
  expect(await no.exited).toBe(0);
  const yes = await rig.commands.onTerminal(bob, '--user-service', rig.users, 'join', 'salon');
  await yes.says('Join? [y/N]');
  yes.type('y');
  await yes.says('You are now a member of salon');
  expect(await yes.exited).toBe(0);
  const { said } = await run(bob, 'members salon');
  expect(said).toContain('ask-2');
});

test('the settings of a channel can be given at its creation and changed later', async () => {
  const [ann, bob] = await three('set');
  const { id } = (await json(ann, 'create den --slow-mode 5 --description quiet')) as { id: number };
  const stored = async () => ((await json(ann, 'channels')) as { id: number }[]).find((one) => one.id === id);
  expect(await stored()).toMatchObject({ description: 'quiet', slow_mode_s: 5 });
  expect((await run(ann, 'set den --name attic --slow-mode 0 --limit 3')).said).toBe(
    `Changed attic (channel ${id}).\n`,
  );
  expect(await stored()).toMatchObject({ name: 'attic', limit: 3, description: 'quiet', slow_mode_s: 0 });
  expect((await run(bob, 'set attic --name mine')).said).toContain('Only the owner');
  expect((await run(ann, 'set attic')).code).toBe(2);
  expect((await run(ann, 'set attic --slow-mode 21601')).code).toBe(2);
});

test('bots of a channel are created, listed, and ended', async () => {
  const [ann, bob] = await three('bots');
  await run(ann, 'create lab --kind group');
  const { said } = await rig.process.run(ann, 'bots', 'lab', '--create', 'bots-helper', '--name', 'Helper');
  const [, token = ''] = /^Created the bot bots-helper, .*:\n(bot_\S{43})\n$/.exec(said) ?? [];
  expect((await run(ann, 'members lab bots-helper --add')).code).toBe(0);
  expect(await json({ ...ann, id: 'bots-helper', token }, 'chats')).toMatchObject([{ name: 'lab' }]);
  expect(await run(ann, 'bots lab --create bots-helper')).toEqual({
    code: 1,
    said: 'parley: That user id is taken. Choose another.\n',
  });
  expect((await run(ann, 'bots lab')).said).toMatch(
    new RegExp(`^id +name +created by +seen\nbots-helper +Helper +${ann.id}\n`),
  );
  expect((await run(bob, 'bots')).said).toContain('Only an operator can do this.');
  expect(await json(await rig.trio.people.make('bots-host', 'admin'), 'bots')).toMatchObject([
    { id: 'bots-helper', bot: true, created_by: ann.id },
  ]);
  const rolls = ['roll=Rolls a die', 'toss=Tosses a = b'];
  expect((await rig.process.run(ann, 'bots', '--bot', 'bots-helper', '--commands', ...rolls)).said).toBe(
    'The bot bots-helper now handles /roll, /toss.\n',
  );
  expect((await run(ann, 'commands lab')).said).toMatch(
    /^command +bot +what it does\n\/roll +bots-helper +Rolls a die\n\/toss +bots-helper +Tosses a = b\n$/,
  );
  expect(await json(ann, 'commands lab')).toMatchObject([{ name: 'roll', bot_id: 'bots-helper' }, { name: 'toss' }]);
  expect((await run(bob, 'bots --bot bots-helper --commands')).said).toContain('User not found');
  expect((await run(ann, 'bots --bot bots-helper --commands Roll=x')).said).toContain('The name of command 1 is not');
  expect((await run(ann, 'bots --bot bots-helper --commands')).said).toContain('now handles no commands.');
  expect((await run(ann, 'commands lab')).said).toBe('The bots of this chat have no commands.\n');
  expect((await run(ann, 'bots --revoke bots-helper')).said).toBe('The bot bots-helper has ended for good.\n');
  expect((await run({ ...ann, id: 'bots-helper', token }, 'chats')).code).toBe(4);
  expect((await run(ann, 'bots lab')).said).toBe('This channel has no bots.\n');
  expect((await run(bob, 'bots --revoke bots-helper')).said).toContain('User not found');
  const halves = ['bots --bot a', 'bots --commands a=b', 'bots --bot a --commands a', 'bots --bot a --revoke b'];
  for (const wrong of ['bots lab --name Helper', 'bots lab --create a --revoke b', ...halves]) {
    expect([wrong, (await run(ann, wrong)).code]).toEqual([wrong, 2]);
  }
});

test('users and messages are reported to the operators', async () => {
  const [ann, bob, cy] = await three('bad');
  const { id } = await rig.client(bob).chats.direct(ann.id);
  const direct = await rig.client(bob).listen(id);
  const { seq } = await direct.send('buy here');
  await direct.leave();
  expect((await run(ann, `report --in ${id} --message ${seq} --reason spam`)).said).toBe(
    `Reported message #${seq} of channel ${id} to the operators.\n`,
  );
  expect((await run(ann, 'report bad-3 --reason rude')).said).toBe('Reported bad-3 to the operators.\n');
  const host = await rig.trio.people.make('bad-host', 'admin');
  expect(await json(host, 'admin reports')).toMatchObject({
    reports: [
      { by: 'bad-1', user_id: 'bad-3', reason: 'rude' },
      { by: 'bad-1', user_id: 'bad-2', channel_id: id, seq, reason: 'spam', text: 'buy here' },
    ],
  });
  expect((await run(cy, `report --in ${id} --message ${seq} --reason spam`)).code).toBe(1);
  expect((await run(ann, 'report bad-1 --reason me')).said).toContain('You cannot report yourself.');
  for (const wrong of [
    'report bad-2',
    'report bad-2 --reason ',
    `report --in ${id} --reason x`,
    `report bad-2 --message 1 --reason x`,
  ]) {
    expect([wrong, (await run(ann, wrong)).code]).toEqual([wrong, 2]);
  }
});

test('members of a chat with a closed history see only messages from after they joined', async () => {
  const [ann, bob] = await three('closed');
  await run(ann, 'create vault --kind private --closed-history');
  expect(await json(ann, 'channels')).toMatchObject(
    expect.arrayContaining([expect.objectContaining({ name: 'vault', closed_history: true })]),
  );
  expect((await run(ann, 'create hall --closed-history')).code).toBe(2);
  expect(await json(ann, 'set vault --kind public')).toMatchObject({ name: 'vault', kind: 'public' });
  expect(await json(bob, 'join vault')).toMatchObject({ name: 'vault', closed_history: true });
});
