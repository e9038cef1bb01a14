// What can be taken home as numbers.

// The face's neighbours and place in each space, then the same for each face of the strip at hand.
function numbersOf(lab) {
  const { around } = lab.data;
  const table = { step: [], vary: [], value: [], space: [], x: [], y: [], rank: [], neighbour: [], expression: [], distance: [] };
  const write = (found, at, step, vary, value) => {
    for (let row = 0; row < found.rows; row++) {
      for (let rank = 0; rank < found.k; rank++) {
        const [place, i] = [at * found.rows + row, found.near[(at * found.rows + row) * found.k + rank]];
        const values = [step, vary, value, around.spaces[row], found.places[2 * place], found.places[2 * place + 1],
          rank + 1, around.names[i], around.classes[around.labels[i]].name, found.apart[place * found.k + rank]];
        Object.values(table).forEach((column, c) => column.push(values[c]));
      }
    }
  };
  if (lab.exact.places) write(lab.exact.places, 0, 0, "", "the face itself");
  if (lab.path()) lab.strip.steps.forEach((value, t) => write(lab.path(), t + 1, t + 1, lab.strip.vary, JSON.stringify(value)));
  return csvText(table);
}
