const tones = [660, 880] as const;
const toneSeconds = 0.12;
const volume = 0.08;
let context: AudioContext | undefined;

/** Plays two short tones, unless the browser lets no page make a sound before the user touches it. */
export function playChime(): void {
  context ??= new AudioContext();
  if (context.state === 'suspended') context.resume().catch(() => {});
  const gain = new GainNode(context, { gain: volume });
  gain.connect(context.destination);
  tones.forEach((frequency, index) => {
    const tone = new OscillatorNode(context as AudioContext, { frequency, type: 'sine' });
    tone.connect(gain);
    const start = (context as AudioContext).currentTime + index * toneSeconds;
    tone.start(start);
    tone.stop(start + toneSeconds);
  });
}
