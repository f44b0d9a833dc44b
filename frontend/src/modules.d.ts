declare module "idiomorph/dist/idiomorph.esm.js" {
  export const Idiomorph: {
    morph(target: Element, content: Element | string, options?: { morphStyle?: "innerHTML" | "outerHTML" }): Node[];
  };
}
