// Boost.JSON is a library of headers; for programs its code is compiled here and nowhere else.
#include <boost/json/src.hpp>
