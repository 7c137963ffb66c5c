import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin';

const isText = (node) => node.isStringLiteral() || node.isTemplateLiteral();

/** The wording of an error that is thrown for programmers is nobody's contract; that it is thrown, and when, stays mutated. */
export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'wording', {
    shouldIgnore: (node) => (isText(node) && node.parentPath?.isNewExpression() ? 'wording of an error' : undefined),
  }),
];
