import { matchingCommands } from '../src/state/commands.js';

const command = (name: string, botId: string) => ({ name, botId, botName: botId, description: 'x' });
const all = [command('list', 'Shop'), command('roll', 'coin'), command('roll', 'dice'), command('rolls', 'dice')];
const words = (typed: string, most = 8) => matchingCommands(all, typed, most).map(({ word }) => word);

test.each([
  ['', ['/list', '/roll@coin', '/roll@dice', '/rolls']],
  ['L', ['/list']],
  ['roll', ['/roll@coin', '/roll@dice', '/rolls']],
  ['roll@', ['/roll@coin', '/roll@dice']],
  ['list@s', ['/list@Shop']],
  ['oll', []],
])('offers for %j the commands that begin with it, and names the bot of a shared one', (typed, offered) => {
  expect(words(typed)).toEqual(offered);
});

test.each(['list', 'rolls', 'roll@dice'])('offers nothing for the complete command %j', (typed) => {
  expect(words(typed)).toEqual([]);
});

test('offers a limited number of commands', () => {
  expect(words('', 2)).toEqual(['/list', '/roll@coin']);
});
