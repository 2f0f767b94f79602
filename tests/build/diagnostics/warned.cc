inline int unused_parameter(int parameter) { return 1; }
