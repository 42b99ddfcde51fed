// SPDX-FileCopyrightText: 2026 The Plateau authors
// SPDX-License-Identifier: Apache-2.0
// Nothing of its own: the translation unit that the tests' precompiled header is made with.
