import { hashSync } from 'bcryptjs';
import { Accounts, reasonOf } from './accounts.js';

function median(times: number[]): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] as number;
}

test('a failed login takes equally long for an unknown user, a wrong password and a cheaper hash', async () => {
  const slow = await Accounts.start({ PARLEY_BCRYPT_COST: '9' });
  try {
    await slow.register('timed');
    await slow.register('older');
    await slow.sql("UPDATE chat.users SET password_hash = $1 WHERE id = 'older'", [hashSync('another one', 6)]);
    const times: Record<'timed' | 'older' | 'nobody', number[]> = { timed: [], older: [], nobody: [] };
    for (let n = 0; n < 21; n++) {
      for (const id of ['timed', 'older', 'nobody'] as const) {
        await slow.sql('DELETE FROM chat.rate');
        const began = performance.now();
        expect(await reasonOf(slow.login(id, { password: 'wrong horse' }))).toBe('wrong-credentials');
        times[id].push(performance.now() - began);
      }
    }
    const [known, older, unknown] = [median(times.timed), median(times.older), median(times.nobody)];
    for (const one of [older, unknown]) expect(Math.abs(known - one) / known).toBeLessThan(0.25);
  } finally {
    await slow.stop();
    await slow.database.close();
  }
});
