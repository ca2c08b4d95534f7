import { Argument, Command, Option } from 'commander';
import { failureFrom } from '../src/failure.js';
import { usageWords } from '../src/usage-words.js';
import { wholeNumber } from '../src/whole-number.js';

const program = () =>
  new Command('parley')
    .configureOutput({ outputError: () => {} })
    .exitOverride()
    .addCommand(
      new Command('show')
        .configureOutput({ outputError: () => {} })
        .exitOverride()
        .addArgument(new Argument('<seq>', 'a seq').argParser(wholeNumber(1, 9)))
        .option('-s, --size <n>', 'a number', wholeNumber(1, 100))
        .addOption(new Option('--kind <kind>', 'a kind').choices(['room', 'group', 'public']))
        .addOption(new Option('--port <port>', 'a port').env('TEST_PORT').argParser(wholeNumber(1, 65_535)))
        .requiredOption('--as <who>', 'somebody'),
    );

function saidFor(line: string): string {
  try {
    program().parse(['show', ...line.split(' ').filter(Boolean)], { from: 'user' });
  } catch (thrown) {
    return failureFrom(thrown).message;
  }
  return '';
}

afterEach(() => {
  delete process.env.TEST_PORT;
});

test.each([
  ['1 --as x --size many', '--size does not take "many". Use a whole number from 1 to 100.'],
  ['1 --as x --kind club', '--kind does not take "club". Use room, group or public.'],
  ['ten --as x', '"ten" cannot be <seq>. Use a whole number from 1 to 9.'],
  ['--as x', '<seq> is missing. Add it, or --help to see the arguments.'],
  ['1', '--as is missing. Add --as <who>.'],
  ['1 --as', '--as needs a value: --as <who>.'],
  ['1 --as x --sise 3', 'There is no option --sise. Did you mean --size?'],
  ['1 --as x --colour', 'There is no option --colour. Add --help to see what there is.'],
  ['1 2 --as x', 'There are 2 arguments instead of 1. Put quotes around one that contains a space.'],
  ['1 --as x', ''],
])('says what is wrong with "%s", and what is expected', (line, words) => {
  expect(saidFor(line)).toBe(words);
});

test('names the variable that holds a wrong value', () => {
  process.env.TEST_PORT = 'http';
  expect(saidFor('1 --as x')).toBe('TEST_PORT does not take "http". Use a whole number from 1 to 65535.');
});

test('leaves other texts as they are', () => {
  expect(usageWords('error: something else')).toBe('something else');
});
