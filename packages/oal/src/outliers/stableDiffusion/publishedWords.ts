/**
 * The words that the published code replaces in prompts, whatever the data set is (METHOD 4.1 and 9, row 6): one word for each class of
 * CIFAR-100, in the order of its labels.
 */
export const publishedWords: readonly string[] = [
  "apples fish baby bear beaver bed bee beetle bicycle bottles bowls boy bridge bus butterfly camel cans castle caterpillar cattle",
  "chair chimp clock cloud cockroach couch crab crocodile cups dinosaur dolphin elephant flatfish forest fox girl hamster house",
  "kangaroo keyboard lamp mower leopard lion lizard lobster man maple motorcycle mountain mouse mushrooms oak oranges orchids otter",
  "palm pears truck pine plain plates poppies porcupine possum rabbit raccoon ray road rocket roses sea seal shark shrew skunk",
  "skyscraper snail snake spider squirrel streetcar sunflowers peppers table tank telephone television tiger tractor train trout",
  "tulips turtle wardrobe whale willow wolf woman worm",
].flatMap((line) => line.split(" "));
