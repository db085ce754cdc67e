/** Channels whose audience is full. */
import { fill, plural } from "./plural";

export const room = {
  fullTitle: "This channel is full",
  waits: "As many devices read here as can be encrypted to at once. You'll read and write here as soon as there is a place; what is said before that isn't for you.",
  ask: "You're a member all the same. Ask whoever looks after the channels to continue it in a new one.",
  full: (waiting: number) => plural(waiting, { one: "This channel is full, and # member waits for a place.", other: "This channel is full, and # members wait for a place." }),
  fullNext: "Continue it in a new channel: whoever waits is taken in there first, and this one stays readable.",
  continue: "Continue in a new channel",
  goesOn: (name: string) => fill("This channel is full and goes on in #{name}.", { name }),
  goTo: (name: string) => fill("Go to #{name}", { name }),
  continues: (name: string) => fill("This continues #{name}, which stays readable.", { name }),
  createTitle: (name: string) => fill("Continue #{name}", { name }),
  createLead: "Whoever waits for a place is taken in first, then everybody else while there is room. Each channel names the other.",
  next: (name: string) => fill("{name}-2", { name }),
  label: (name: string) => fill("{name}, full: you wait for a place", { name }),
  large: "More than 300 people read here. Each change of who reads costs everybody's devices some work; a smaller channel is lighter.",
};
