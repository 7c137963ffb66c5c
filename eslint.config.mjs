import js from '@eslint/js';
import reactHooks from 'eslint-plugin-react-hooks';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const NODE = {
  process: 'readonly',
  console: 'readonly',
  URL: 'readonly',
  Buffer: 'readonly',
  fetch: 'readonly',
  setTimeout: 'readonly',
  clearTimeout: 'readonly',
};

export default defineConfig(
  globalIgnores(['node_modules', 'dist', 'data', 'coverage', 'test/fixtures']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },

  { files: ['**/*.mjs'], extends: [js.configs.recommended], languageOptions: { globals: NODE } },
  {
    files: ['**/*.cjs'],
    extends: [js.configs.recommended],
    languageOptions: {
      sourceType: 'commonjs',
      globals: { ...NODE, module: 'writable', require: 'readonly', __dirname: 'readonly' },
    },
  },

  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [js.configs.recommended, tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': [
        'error',
        {
          checksConditionals: true,
          checksSpreads: true,
          checksVoidReturn: {
            arguments: true,
            attributes: true,
            inheritedMethods: true,
            properties: true,
            returns: true,
            variables: true,
          },
        },
      ],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/return-await': ['error', 'in-try-catch'],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // codes from outside are compared with the names they have there
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true, allowNullish: true }],
      // objects here are closures without `this`
      '@typescript-eslint/unbound-method': 'off',
      // an async function without await keeps an interface's shape
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
    },
  },

  { files: ['src/counter/**/*.{ts,tsx}'], extends: [reactHooks.configs.flat['recommended-latest']] },

  {
    files: ['src/workflows/**/*.ts', 'test/**/*.ts'],
    rules: {
      // never awaited, it fails the workflow task and the caller waits; one given by reference is no-misused-promises' to find
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.name='setHandler'] Property[key.name='validator'] > :function[async=true]",
          message: 'An update validator must be synchronous.',
        },
      ],
    },
  },
  {
    files: ['src/workflows/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^(?!@temporalio/workflow$|@temporalio/common$|\\./|\\.\\./domain/|\\.\\./activities/)',
              message: 'Workflow code imports @temporalio/workflow, its own folder and ../domain; activities as types.',
            },
            {
              regex: '^\\.\\./activities/',
              allowTypeImports: true,
              message: 'Workflow code imports activities as types only.',
            },
          ],
        },
      ],
    },
  },
  // what a test reads back is checked by its expectations
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
